"""What Discord refuses, one rule a line: what it says, where Discord says so, and its answer.

The checks (`validate_*.py`, `intake.py`, the routes) take their limits from here, and
`test_rules.py` breaks each rule once by a raw request. Sources are pages of Discord's developer
reference (discord.com/developers/docs/…) with their section, or threads of its repository
discord-api-docs. "strict" marks a rule whose refusal the reference does not word: it names what
may be sent, and the local Discord refuses all else.
"""

from __future__ import annotations

from dataclasses import dataclass

CREATE = "resources/message#create-message"
EDIT = "resources/message#edit-message"
EMBEDS = "resources/message#embed-object-embed-limits"
MENTIONS = "resources/message#allowed-mentions-object"
UPLOADS = "reference#uploading-files"
POLLS = "resources/poll#poll-create-request-object"
COMPONENTS = "components/reference"
V2 = "components/reference#legacy-message-component-behavior"
THREADS = "topics/threads"
CHANNELS = "resources/channel"
COMMANDS = "interactions/application-commands"
ANSWERS = "interactions/receiving-and-responding"
WEBHOOKS = "resources/webhook"
CHOICE = f"{COMMANDS}#application-command-object-application-command-option-choice-structure"
OPTION = f"{COMMANDS}#application-command-object-application-command-option-structure"
COMMAND = f"{COMMANDS}#application-command-object"
CALLBACK = f"{ANSWERS}#interaction-response-object-interaction-callback-type"
MODAL = f"{ANSWERS}#interaction-response-object-modal"
SELECT = f"{COMPONENTS}#string-select"
BUTTON = f"{COMPONENTS}#button"
ARCHIVED = f"{THREADS}#active--archived-threads"
START_THREAD = f"{CHANNELS}#start-thread-from-message"
GATEWAY = "events/gateway"
CODES = "topics/opcodes-and-status-codes#json"

LONG = "BASE_TYPE_MAX_LENGTH"
LENGTH = "BASE_TYPE_BAD_LENGTH"
CHOICES = "BASE_TYPE_CHOICES"
REQUIRED = "BASE_TYPE_REQUIRED"
NOT_A_TEXT = "STRING_TYPE_CONVERT"
TOO_MUCH = "NUMBER_TYPE_MAX"
NO_LEGACY = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: What the checks and tests call it.
        source: Where Discord says so.
        code: Discord's error code; below 5000 and with status 0, the code of a gateway's close.
        detail: The code inside the tree of a 50035.
        most: The limit itself, where it is one: characters, items, bytes, seconds.
        status: Of the HTTP answer.
    """

    name: str
    source: str
    code: int = 50035
    detail: str = ""
    most: int = 0
    status: int = 400


def _limit(name: str, source: str, most: int, detail: str = LONG) -> Rule:
    return Rule(name, source, 50035, detail, most)


def _form(name: str, source: str, detail: str) -> Rule:
    return Rule(name, source, 50035, detail)


def _code(name: str, source: str, status: int, code: int, most: int = 0) -> Rule:
    return Rule(name, source, code, "", most, status)


RULES = (
    # --- messages ------------------------------------------------------------------------------
    _limit("content", f"{CREATE}-jsonform-params", 2000),
    _code("a message shows something", f"{CREATE}-jsonform-params", 400, 50006),
    _limit("nonce", f"{CREATE}-jsonform-params", 25),
    _form("nonce is text or an integer", f"{CREATE}-jsonform-params", NOT_A_TEXT),
    _code("nonce of a deleted message", "discord-api-docs pull request 6647", 404, 10008),
    _form("flags of a message", f"{CREATE}-jsonform-params; strict", CHOICES),
    _code("speech needs its permission", f"{CREATE}-limitations", 403, 50013),
    _limit("embeds", f"{CREATE}-jsonform-params", 10),
    _limit("embed title", EMBEDS, 256),
    _limit("embed description", EMBEDS, 4096),
    _limit("embed fields", EMBEDS, 25),
    _limit("embed field name", EMBEDS, 256),
    _limit("embed field value", EMBEDS, 1024),
    _form("embed field has a name and a value", EMBEDS, REQUIRED),
    _limit("embed footer", EMBEDS, 2048),
    _limit("embed author", EMBEDS, 256),
    _limit("embeds together", EMBEDS, 6000, "MAX_EMBED_SIZE_EXCEEDED"),
    _form("embed url", "resources/message#embed-object-embed-structure", "URL_TYPE_INVALID_SCHEME"),
    _form(
        "embed image",
        "resources/message#embed-object-embed-image-structure",
        "URL_TYPE_INVALID_SCHEME",
    ),
    _form(
        "embed timestamp", "resources/message#embed-object-embed-structure", "DATE_TIME_TYPE_PARSE"
    ),
    _form("mentions parse", MENTIONS, CHOICES),
    _form(
        "mentions are parsed or listed",
        f"{MENTIONS}-allowed-mentions-examples",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    _limit("mentioned users", f"{MENTIONS}-allowed-mentions-structure", 100),
    _limit("mentioned roles", f"{MENTIONS}-allowed-mentions-structure", 100),
    _form("a reply's message exists", f"{CREATE}-limitations", "REPLIES_UNKNOWN_MESSAGE"),
    _form(
        "a reply is to no system message",
        f"{CREATE}-limitations",
        "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE",
    ),
    _code("a reply needs the history", f"{CREATE}-limitations; {CODES}", 403, 160002),
    # --- files, stickers, polls ----------------------------------------------------------------
    _limit("attachments", "resources/message#attachment-object; OpenAPI MessageCreateRequest", 10),
    _code("attachments after an edit", CODES, 400, 30015, 10),
    _form("attachment is uploaded", f"{UPLOADS}", "ATTACHMENT_NOT_FOUND"),
    _form("kept attachment is the message's", f"{UPLOADS}; strict", "ATTACHMENT_NOT_FOUND"),
    _limit("attachment description", "resources/message#attachment-object", 1024),
    _code("each file's size", f"{UPLOADS}; {CODES}", 413, 40005, 10 * 1024 * 1024),
    _code("a request's size", f"{CREATE}-limitations", 413, 40005, 25 * 1024 * 1024),
    _limit("stickers", f"{CREATE}-jsonform-params", 3),
    _code("a sticker exists", CODES, 400, 50081),
    _limit("poll question", "resources/poll#poll-media-object", 300),
    _limit("poll answers", POLLS, 10, LENGTH),
    _limit("poll answer", "resources/poll#poll-media-object", 55),
    _limit("poll hours", POLLS, 32 * 24, TOO_MUCH),
    _code("a poll is not edited", f"resources/poll; {CODES}", 400, 520003),
    _code("a voice message stands alone", f"resources/message#voice-messages; {CODES}", 400, 50159),
    _code("a voice message is one file", f"resources/message#voice-messages; {CODES}", 400, 50160),
    _code(
        "a voice message has a waveform", f"resources/message#voice-messages; {CODES}", 400, 50161
    ),
    _code(
        "a voice message is not edited", f"resources/message#voice-messages; {CODES}", 400, 50162
    ),
    _code("a voice message needs its permission", CODES, 400, 50173),
    # --- edits, deletions, reactions, pins -----------------------------------------------------
    _code("another's message is not edited", f"{EDIT}; {CODES}", 403, 50005),
    _code("an edit leaves something", f"{EDIT}; {CODES}", 400, 50006),
    _code(
        "edits of messages older than an hour",
        f"{CODES}; its rate is not published, 3 in 20 s is what bots report",
        429,
        30046,
        3,
    ),
    _code(
        "another's message is deleted by moderators", "resources/message#delete-message", 403, 50013
    ),
    _code("an unknown message", CODES, 404, 10008),
    _code(
        "bulk deletion of two at least", "resources/message#bulk-delete-messages", 400, 50016, 100
    ),
    _code("bulk deletion of two weeks", "resources/message#bulk-delete-messages", 400, 50034),
    _form(
        "bulk deletion names each once",
        "resources/message#bulk-delete-messages",
        "LIST_TYPE_UNIQUE",
    ),
    _code("bulk deletion in a guild", "resources/message#bulk-delete-messages", 400, 50003),
    _form("history from one side", "resources/message#get-channel-messages; strict", CHOICES),
    _limit("history at once", "resources/message#get-channel-messages", 100, TOO_MUCH),
    _code("an emoji", "resources/message#create-reaction", 400, 10014),
    _code("emojis on a message", CODES, 400, 30010, 20),
    _code("a first reaction needs its permission", "resources/message#create-reaction", 403, 50013),
    _code("pins need their permission", "resources/message#pin-message", 403, 50013),
    _code("pins of a channel", CODES, 400, 30003, 250),
    # --- places --------------------------------------------------------------------------------
    _code("an unknown channel", CODES, 404, 10003),
    _code("an unseen channel", CODES, 403, 50001),
    _code("posting needs its permission", f"{CREATE}-limitations", 403, 50013),
    _code("files need their permission", "topics/permissions", 403, 50013),
    _code("embeds need their permission", "topics/permissions", 403, 50013),
    _code("a category takes no message", CODES, 400, 50008),
    _code(
        "a voice channel's text needs Connect", "resources/message#get-channel-messages", 403, 50001
    ),
    _code("a closed direct message", CODES, 403, 50007),
    _limit("channel name", f"{CHANNELS}#modify-channel", 100, LENGTH),
    _limit("channel topic", f"{CHANNELS}#modify-channel", 1024),
    # --- threads -------------------------------------------------------------------------------
    _limit("thread name", START_THREAD, 100, LENGTH),
    _form("thread archive minutes", START_THREAD, CHOICES),
    _limit("thread slow mode", START_THREAD, 21600, TOO_MUCH),
    _code("one thread a message", CODES, 400, 160004),
    _code("no thread in a thread", f"{CHANNELS}#start-thread-without-message", 400, 50024),
    _code("an archived thread's message is not edited", ARCHIVED, 400, 50083),
    _code("an archived thread takes no reaction", ARCHIVED, 400, 50083),
    _code("an archived thread takes no member", f"{CHANNELS}#add-thread-member", 400, 50083),
    _code(
        "an archived thread keeps its name",
        f"{CHANNELS}#modify-channel-json-params-thread",
        400,
        50083,
    ),
    _code("an archived and locked thread takes no message", ARCHIVED, 403, 50083),
    _code("a locked thread takes no message", f"{THREADS}#locked-threads; {CODES}", 403, 160005),
    _code(
        "a locked thread's message is not edited", f"{THREADS}#locked-threads; {CODES}", 403, 160005
    ),
    # --- components ----------------------------------------------------------------------------
    _limit("rows", V2, 5),
    _form("a row at the top", V2, CHOICES),
    _limit("buttons in a row", f"{COMPONENTS}#action-row", 5, LENGTH),
    _form(
        "a menu has a row of its own", f"{COMPONENTS}#action-row", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"
    ),
    _limit("custom id", f"{COMPONENTS}#anatomy-of-a-component-custom-id", 100, LENGTH),
    _form("custom id is there", BUTTON, REQUIRED),
    _form(
        "custom ids differ",
        f"{COMPONENTS}#anatomy-of-a-component-custom-id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    _form(
        "component ids differ", f"{COMPONENTS}#anatomy-of-a-component", "COMPONENT_ID_DUPLICATED"
    ),
    _limit("button label", BUTTON, 80),
    _form(
        "a button has words or an emoji",
        f"{COMPONENTS}#button; strict",
        "BUTTON_COMPONENT_MISSING_LABEL",
    ),
    _limit("button url", BUTTON, 512),
    _form("a link has an address", BUTTON, REQUIRED),
    _form(
        "a link has no custom id",
        BUTTON,
        "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
    ),
    _form("button style", f"{COMPONENTS}#button-button-styles", CHOICES),
    _limit("menu options", SELECT, 25, LENGTH),
    _limit("option label", SELECT, 100, LENGTH),
    _limit("option value", SELECT, 100, LENGTH),
    _limit("option description", SELECT, 100),
    _form(
        "option values differ",
        f"{COMPONENTS}#string-select; strict",
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
    ),
    _limit("menu placeholder", SELECT, 150),
    _limit("menu values", SELECT, 25, TOO_MUCH),
    _form(
        "fewest values above most",
        f"{COMPONENTS}#string-select; strict",
        "COMPONENT_SELECT_MIN_ABOVE_MAX",
    ),
    _form(
        "default values within the range",
        f"{COMPONENTS}#user-select",
        "COMPONENT_SELECT_DEFAULT_VALUES",
    ),
    _limit("layout components", V2, 40),
    _limit(
        "layout text",
        "OpenAPI TextDisplayComponentForMessageRequest",
        4000,
        "COMPONENT_MAX_TEXT_LENGTH",
    ),
    _form("a layout has no content", f"{CREATE}-jsonform-params", NO_LEGACY),
    _form("a message made a layout gets no content", f"{EDIT}-jsonform-params", NO_LEGACY),
    _form("a message becomes a layout empty", f"{EDIT}-jsonform-params", NO_LEGACY),
    _limit("section texts", f"{COMPONENTS}#section", 3, LENGTH),
    _limit("gallery items", f"{COMPONENTS}#media-gallery", 10, LENGTH),
    _form("a layout's file is attached", f"{COMPONENTS}#file", "URL_TYPE_INVALID_SCHEME"),
    # --- modals --------------------------------------------------------------------------------
    _limit("modal title", MODAL, 45, LENGTH),
    _limit("modal components", MODAL, 5, LENGTH),
    _form("no modal after a modal", CALLBACK, CHOICES),
    _limit("modal label", f"{COMPONENTS}#label", 45, LENGTH),
    _limit("modal label description", f"{COMPONENTS}#label", 100),
    _limit("field placeholder", f"{COMPONENTS}#text-input", 100),
    _limit("field value", f"{COMPONENTS}#text-input", 4000),
    _limit("field length", f"{COMPONENTS}#text-input", 4000, TOO_MUCH),
    _limit("modal choices", f"{COMPONENTS}#radio-group", 10, LENGTH),
    # --- interactions --------------------------------------------------------------------------
    _code(
        "an answer within three seconds", f"{ANSWERS}#interaction-callback; {CODES}", 404, 10062, 3
    ),
    _code("one answer", CODES, 400, 40060),
    _code("no follow-up before the answer", f"{ANSWERS}#followup-messages; {CODES}", 404, 10015),
    _code(
        "a token's fifteen minutes", f"{ANSWERS}#followup-messages; {CODES}", 401, 50027, 15 * 60
    ),
    _form("the kind of an answer", CALLBACK, CHOICES),
    _form("flags of a deferral", f"{ANSWERS}#interaction-response-object-messages", CHOICES),
    _code("follow-ups of a guest", f"{ANSWERS}#create-followup-message; {CODES}", 400, 40094, 5),
    _form("flags of a follow-up", f"{ANSWERS}#create-followup-message; strict", CHOICES),
    _code("an answer that is deleted", CODES, 404, 10008),
    _limit("autocompleted choices", f"{ANSWERS}#interaction-response-object-autocomplete", 25),
    _limit("autocompleted name", CHOICE, 100, LENGTH),
    # --- commands ------------------------------------------------------------------------------
    _form(
        "command name",
        f"{COMMANDS}#application-command-object-application-command-naming",
        "APPLICATION_COMMAND_INVALID_NAME",
    ),
    _limit("command name length", COMMAND, 32, LENGTH),
    _limit("command description", COMMAND, 100, LENGTH),
    _form(
        "a menu command has no description", COMMAND, "APPLICATION_COMMAND_DESCRIPTION_NOT_ALLOWED"
    ),
    _form("a menu command has no options", COMMAND, "APPLICATION_COMMAND_OPTIONS_NOT_ALLOWED"),
    _limit("command options", COMMAND, 25),
    _form("option names differ", OPTION, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"),
    _form(
        "localized option names differ",
        f"{COMMANDS}#localization",
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
    ),
    _form("required options first", OPTION, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"),
    _form(
        "commands nest once",
        f"{COMMANDS}#subcommands-and-subcommand-groups",
        "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
    ),
    _limit("option choices", OPTION, 25),
    _limit("choice name", CHOICE, 100, LENGTH),
    _limit("choice value", CHOICE, 100),
    _form("choice type", CHOICE, "APPLICATION_COMMAND_OPTIONS_CHOICE_TYPE"),
    _form("choices or autocomplete", OPTION, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE"),
    _limit("option text length", OPTION, 6000, TOO_MUCH),
    _limit("command size", f"{COMMANDS}#slash-commands", 8000, "APPLICATION_COMMAND_TOO_LARGE"),
    _form("command contexts", f"{COMMANDS}#contexts", CHOICES),
    _form("command installs", f"{COMMANDS}#contexts", CHOICES),
    _form(
        "contexts are for global commands",
        f"{COMMANDS}#application-command-object; strict",
        "APPLICATION_COMMAND_CONTEXTS_NOT_ALLOWED",
    ),
    _form("command locale", "reference#locales", CHOICES),
    _form(
        "command names differ",
        f"{COMMANDS}#registering-a-command",
        "APPLICATION_COMMANDS_DUPLICATE_NAME",
    ),
    _form("chat commands", f"{COMMANDS}#registering-a-command", "APPLICATION_COMMANDS_EXCEEDED"),
    _form("menu commands", f"{COMMANDS}#registering-a-command", "APPLICATION_COMMANDS_EXCEEDED"),
    _code("another application's commands", CODES, 403, 20012),
    _code("an unknown command", CODES, 404, 10063),
    # --- webhooks ------------------------------------------------------------------------------
    _limit("webhook name", f"{WEBHOOKS}#create-webhook", 80, LENGTH),
    _form("webhook name's words", f"{WEBHOOKS}#create-webhook", "USERNAME_INVALID_CONTAINS"),
    _code("webhooks of a channel", CODES, 400, 30007, 15),
    _code("an unknown webhook", CODES, 404, 10015),
    _code("a webhook's token", CODES, 401, 50027),
    _form("flags of a webhook", f"{WEBHOOKS}#execute-webhook; strict", CHOICES),
    # --- everything ----------------------------------------------------------------------------
    _code("a body is JSON", CODES, 400, 50109),
    _code("a token", "topics/opcodes-and-status-codes#http", 401, 0),
    _code("an event's size", f"{GATEWAY}#sending-events", 0, 4002, 4096),
    _code("events in a minute", f"{GATEWAY}#rate-limiting", 0, 4008, 120),
)
"""All rules whose breach is refused."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A way that still works at Discord, and fails the test in which a bot goes it."""

    name: str
    source: str
    instead: str


DEPRECATIONS = (
    Deprecation(
        "follow-up right after a deferral",
        f"{ANSWERS}#create-followup-message",
        "edit the original response",
    ),
    Deprecation("text input in a row", f"{COMPONENTS}#action-row", "put it into a Label component"),
    Deprecation(
        "default_permission",
        COMMAND,
        "default_member_permissions and contexts",
    ),
    Deprecation("dm_permission in place of contexts", COMMAND, "contexts"),
)

MOST = {rule.name: rule.most for rule in RULES}
DEPRECATION = {way.name: way for way in DEPRECATIONS}
