"""What Discord checks in buttons, menus, layouts and modals."""

from __future__ import annotations

from .form import Form, Path
from .rules import MOST
from .values import SELECTS, ComponentType, Json, walk, written

LINK_STYLE, PREMIUM_STYLE = 5, 6
CLASSIC = (ComponentType.ACTION_ROW,)
MODERN = (
    ComponentType.ACTION_ROW,
    ComponentType.SECTION,
    ComponentType.TEXT_DISPLAY,
    ComponentType.MEDIA_GALLERY,
    ComponentType.FILE,
    ComponentType.SEPARATOR,
    ComponentType.CONTAINER,
)
IN_CONTAINER = tuple(kind for kind in MODERN if kind != ComponentType.CONTAINER)
IN_MODAL = (ComponentType.ACTION_ROW, ComponentType.TEXT_DISPLAY, ComponentType.LABEL)
IN_LABEL = (
    ComponentType.TEXT_INPUT,
    *SELECTS,
    ComponentType.FILE_UPLOAD,
    ComponentType.RADIO_GROUP,
    ComponentType.CHECKBOX_GROUP,
    ComponentType.CHECKBOX,
)

LAYOUT_TOTAL_MAX = MOST["layout components"]
LAYOUT_TEXT_MAX = MOST["layout text"]


def check_components(form: Form, components: list[Json], path: Path, *, modern: bool) -> None:
    """Check a message's components; `modern` is the layout of MessageFlags.IS_COMPONENTS_V2."""
    for index, component in enumerate(components):
        _check(form, component, (*path, index), MODERN if modern else CLASSIC)
    everything = walk(components)
    _check_ids_differ(form, everything, path)
    if not modern:
        return
    if len(everything) > LAYOUT_TOTAL_MAX:
        form.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must be {LAYOUT_TOTAL_MAX} or fewer in length.")
    if sum(map(len, written(components))) > LAYOUT_TEXT_MAX:
        message = f"The combined text must be {LAYOUT_TEXT_MAX} or fewer in length."
        form.fail(path, "COMPONENT_MAX_TEXT_LENGTH", message)


def check_modal(form: Form, modal: Json) -> None:
    """Check the data of a modal answer."""
    path = ("data",)
    form.text(modal, (*path, "title"), least=1, most=MOST["modal title"], required=True)
    _check_custom_id(form, modal, path)
    components = form.items(modal, (*path, "components"), least=1, most=MOST["modal components"])
    for index, component in enumerate(components):
        _check(form, component, (*path, "components", index), IN_MODAL)
    _check_ids_differ(form, walk(components), (*path, "components"))


def _check_ids_differ(form: Form, components: list[Json], path: Path) -> None:
    seen: set[str] = set()
    for component in components:
        custom_id = component.get("custom_id")
        if custom_id is None:
            continue
        if custom_id in seen:
            message = "Component custom id cannot be duplicated"
            form.fail(path, "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(custom_id)
    numbers = [number for component in components if (number := component.get("id"))]
    if len(set(numbers)) < len(numbers):
        form.fail(path, "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")


def _check_custom_id(form: Form, component: Json, path: Path) -> None:
    most = MOST["custom id"]
    form.text(component, (*path, "custom_id"), least=1, most=most, required=True)


def _check(form: Form, component: Json, path: Path, allowed: tuple[int, ...]) -> None:
    kind = form.choice(component, (*path, "type"), allowed)
    if kind not in allowed:
        return
    if kind == ComponentType.ACTION_ROW:
        _check_row(form, component, path)
    elif kind in CHECKS:
        CHECKS[kind](form, component, path)


def _check_row(form: Form, row: Json, path: Path) -> None:
    most = MOST["buttons in a row"]
    inside = form.items(row, (*path, "components"), least=1, most=most)
    kinds = {c.get("type") for c in inside}
    if len(inside) > 1 and kinds != {ComponentType.BUTTON}:
        message = "A select menu or text input takes a whole row."
        form.fail((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)
    for index, component in enumerate(inside):
        place = (*path, "components", index)
        _check(form, component, place, (ComponentType.BUTTON, ComponentType.TEXT_INPUT, *SELECTS))


def _check_button(form: Form, button: Json, path: Path) -> None:
    style = form.choice(button, (*path, "style"), range(1, 7))
    form.text(button, (*path, "label"), most=MOST["button label"])
    if style == PREMIUM_STYLE:
        return
    if not button.get("label") and not button.get("emoji"):
        form.fail(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button needs a label or an emoji.")
    if style == LINK_STYLE:
        schemes = ("http", "https", "discord")
        form.url(button, (*path, "url"), schemes=schemes, most=MOST["button url"])
        if not button.get("url"):
            form.fail((*path, "url"), "BASE_TYPE_REQUIRED", "This field is required")
        if button.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            form.fail(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", message)
    else:
        _check_custom_id(form, button, path)


def _check_select(form: Form, select: Json, path: Path) -> None:
    _check_custom_id(form, select, path)
    form.text(select, (*path, "placeholder"), most=MOST["menu placeholder"])
    limit = MOST["menu values"]
    least = form.integer(select, (*path, "min_values"), most=limit, default=1)
    most = form.integer(select, (*path, "max_values"), least=1, most=limit, default=1)
    chosen = len(select.get("default_values") or [])
    if chosen and not least <= chosen <= most:
        message = f"Must be between {least} and {most} in length."
        form.fail((*path, "default_values"), "COMPONENT_SELECT_DEFAULT_VALUES", message)
    if least > most:
        message = "min_values must not be above max_values"
        form.fail((*path, "min_values"), "COMPONENT_SELECT_MIN_ABOVE_MAX", message)
    if select.get("type") == ComponentType.STRING_SELECT:
        _check_options(form, select, path, most=MOST["menu options"])


def _check_options(form: Form, component: Json, path: Path, *, most: int) -> None:
    values: set[str] = set()
    for index, option in enumerate(form.items(component, (*path, "options"), least=1, most=most)):
        place = (*path, "options", index)
        label, most = MOST["option label"], MOST["option value"]
        form.text(option, (*place, "label"), least=1, most=label, required=True)
        value = form.text(option, (*place, "value"), least=1, most=most, required=True)
        form.text(option, (*place, "description"), most=MOST["option description"])
        if value in values:
            message = "The specified option value is already used"
            form.fail((*place, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        values.add(value or "")


def _check_text_input(form: Form, field: Json, path: Path) -> None:
    _check_custom_id(form, field, path)
    form.choice(field, (*path, "style"), (1, 2))
    labelled = "component" in path  # inside a Label component, which has the words
    form.text(field, (*path, "label"), least=1, most=MOST["modal label"], required=not labelled)
    form.text(field, (*path, "placeholder"), most=MOST["field placeholder"])
    form.text(field, (*path, "value"), most=MOST["field value"])
    most = MOST["field length"]
    form.integer(field, (*path, "min_length"), most=most)
    form.integer(field, (*path, "max_length"), least=1, most=most, default=most)


def _check_label(form: Form, label: Json, path: Path) -> None:
    form.text(label, (*path, "label"), least=1, most=MOST["modal label"], required=True)
    form.text(label, (*path, "description"), most=MOST["modal label description"])
    _check(form, label.get("component") or {}, (*path, "component"), IN_LABEL)


def _check_text(form: Form, text: Json, path: Path) -> None:
    form.text(text, (*path, "content"), least=1, most=LAYOUT_TEXT_MAX, required=True)


def _check_section(form: Form, section: Json, path: Path) -> None:
    most = MOST["section texts"]
    for index, text in enumerate(form.items(section, (*path, "components"), least=1, most=most)):
        _check(form, text, (*path, "components", index), (ComponentType.TEXT_DISPLAY,))
    _check(
        form,
        section.get("accessory") or {},
        (*path, "accessory"),
        (ComponentType.BUTTON, ComponentType.THUMBNAIL),
    )


def _check_container(form: Form, container: Json, path: Path) -> None:
    inside = form.items(container, (*path, "components"), least=1, most=LAYOUT_TOTAL_MAX)
    for index, component in enumerate(inside):
        _check(form, component, (*path, "components", index), IN_CONTAINER)


def _check_gallery(form: Form, gallery: Json, path: Path) -> None:
    most = MOST["gallery items"]
    for index, item in enumerate(form.items(gallery, (*path, "items"), least=1, most=most)):
        media = item.get("media") or {}
        place = (*path, "items", index, "media", "url")
        form.url(media, place, schemes=("http", "https", "attachment"))


def _check_file(form: Form, file: Json, path: Path) -> None:
    form.url(file.get("file") or {}, (*path, "file", "url"), schemes=("attachment",))


def _check_field(form: Form, field: Json, path: Path) -> None:
    _check_custom_id(form, field, path)


def _check_choices(form: Form, field: Json, path: Path) -> None:
    _check_field(form, field, path)
    _check_options(form, field, path, most=MOST["modal choices"])


CHECKS = {
    ComponentType.BUTTON: _check_button,
    **dict.fromkeys(SELECTS, _check_select),
    ComponentType.TEXT_INPUT: _check_text_input,
    ComponentType.SECTION: _check_section,
    ComponentType.TEXT_DISPLAY: _check_text,
    ComponentType.MEDIA_GALLERY: _check_gallery,
    ComponentType.FILE: _check_file,
    ComponentType.CONTAINER: _check_container,
    ComponentType.LABEL: _check_label,
    ComponentType.FILE_UPLOAD: _check_field,
    ComponentType.CHECKBOX: _check_field,
    ComponentType.RADIO_GROUP: _check_choices,
    ComponentType.CHECKBOX_GROUP: _check_choices,
}
