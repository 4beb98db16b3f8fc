"""`/costs`, `/budget`, and the warning when most of a budget is spent."""

import asyncio
import io
import logging
from collections.abc import Sequence
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.errors import NotAllowed
from bot.figures import money
from bot.i18n import DEFAULT, Words, words_for
from bot.money import Balance, Call, Payer, Period, Scope, micro
from bot.service_calls.report import DAYS_LIMIT, as_csv, report_on, view_of
from cogs.costs._pages import budgets_page, costs_page, shown
from cogs.costs._picture import chart
from cogs.shared.commands import for_people, text
from cogs.shared.places import for_who_may, relation_to_server
from cogs.shared.presence import server_id_of
from cogs.shared.requester import settings_of, words_at
from cogs.shared.rights import Relation, Right, require
from cogs.shared.splitting import EMBED_LIMIT, split

log = logging.getLogger(__name__)

_MAX_USD: Final = 1_000_000


_WHOSE: Final = [
    app_commands.Choice(name=text("costs.whose.me"), value="me"),
    app_commands.Choice(name=text("costs.whose.server"), value="server"),
    app_commands.Choice(name=text("costs.whose.all"), value="all"),
]
_PERIODS: Final = [
    app_commands.Choice(name=text("costs.period.day"), value=Period.DAY),
    app_commands.Choice(name=text("costs.period.month"), value=Period.MONTH),
]


class Costs(commands.Cog):
    """Costs and budgets. Only the person who asks sees the answers."""

    budget = app_commands.Group(
        name=text("costs.cmd.budget.name"), description=text("costs.cmd.budget.about")
    )

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._drawing = asyncio.Lock()

    @for_people
    @app_commands.command(
        name=text("costs.cmd.costs.name"), description=text("costs.cmd.costs.about")
    )
    @app_commands.rename(whose=text("costs.cmd.costs.whose"), days=text("costs.cmd.costs.days"))
    @app_commands.describe(
        whose=text("costs.cmd.costs.whose_about"), days=text("costs.cmd.costs.days_about")
    )
    @app_commands.choices(whose=_WHOSE)
    async def costs(
        self,
        interaction: discord.Interaction,
        whose: str = "me",
        days: app_commands.Range[int, 1, DAYS_LIMIT] = 30,
    ) -> None:
        """Show what was spent."""
        words = await words_at(self.bot, interaction)
        scope, payer = await self._of(interaction, whose, words)
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = view_of(payer, int(self.bot.clock.wall() * 1000), days)
        store = self.bot.store
        report = await report_on(store.ledger, store.spending, payer, view)
        embed = discord.Embed(
            title=words(f"costs.title_{scope}", days=words.count("common.days", days)),
            description=split(costs_page(report, words), EMBED_LIMIT)[0],
            colour=discord.Colour.blurple(),
        )
        files = []
        if report.total:
            async with self._drawing:  # matplotlib is not thread-safe
                png = await asyncio.to_thread(chart, report, scope, words)
            files.append(discord.File(io.BytesIO(png), "costs.png"))
            embed.set_image(url="attachment://costs.png")
        if report.calls:
            table = await as_csv(store.spending.each(view), names_people=scope is not Scope.ALL)
            if len(table) <= interaction.filesize_limit:
                files.append(discord.File(io.BytesIO(table), "costs.csv"))
            else:
                embed.set_footer(text=words("costs.file_too_large"))
        await interaction.edit_original_response(embed=embed, attachments=files)

    async def _of(
        self, interaction: discord.Interaction, whose: str, words: Words
    ) -> tuple[Scope, Payer]:
        """The scope and payer of the calls to show, if this person may see them."""
        if whose == "server":
            guild_id = server_id_of(interaction)
            if guild_id is None:
                raise NotAllowed(words("errors.not_in_private"))
            relation = relation_to_server(interaction)
            require(Right.SEE_SERVER_COSTS, relation, words("costs.not_yours"))
            return Scope.GUILD, Payer(guild_id=guild_id)
        if whose == "all":
            relation = Relation(is_operator=await self.bot.is_owner(interaction.user))
            require(Right.SEE_ALL_COSTS, relation, words("costs.not_all"))
            return Scope.ALL, Payer()
        return Scope.USER, Payer(user_id=interaction.user.id)

    # -- budgets ---------------------------------------------------------------------------------

    @budget.command(name=text("costs.cmd.show.name"), description=text("costs.cmd.show.about"))
    async def show(self, interaction: discord.Interaction) -> None:
        """Show the budgets that pay for this person's calls."""
        words = await words_at(self.bot, interaction)
        payer = Payer(user_id=interaction.user.id, guild_id=server_id_of(interaction))
        balances = shown(await self.bot.store.ledger.balances(payer))
        await interaction.response.send_message(
            embed=discord.Embed(
                title=words("costs.budgets"),
                description=budgets_page(balances, words),
                colour=discord.Colour.blurple(),
            ),
            ephemeral=True,
        )

    @budget.command(name=text("costs.cmd.set.name"), description=text("costs.cmd.set.about"))
    @app_commands.rename(period=text("costs.cmd.set.period"), usd=text("costs.cmd.set.usd"))
    @app_commands.describe(
        period=text("costs.cmd.set.period_about"), usd=text("costs.cmd.set.usd_about")
    )
    @app_commands.choices(period=_PERIODS)
    @for_who_may(Right.SET_BUDGET)
    async def set(
        self,
        interaction: discord.Interaction,
        period: str,
        usd: app_commands.Range[float, 0, _MAX_USD] | None = None,
    ) -> None:
        """Set a server's budget. Setting it again replaces it."""
        words = await words_at(self.bot, interaction)
        guild_id = interaction.guild_id or 0
        ledger = self.bot.store.ledger
        await ledger.choose(guild_id, Period(period), None if usd is None else micro(usd))
        theirs = [
            b
            for b in await ledger.balances(Payer(guild_id=guild_id))
            if b.bucket.scope is Scope.GUILD
        ]
        is_less = usd is not None and any(
            b.bucket.period == period and b.limit is not None and b.limit < micro(usd)
            for b in theirs
        )
        note = words("costs.operator_allows_less") if is_less else ""
        said = words("costs.was_set" if usd is not None else "costs.was_cleared")
        await interaction.response.send_message(
            "\n".join(part for part in (said, note, budgets_page(theirs, words)) if part),
            ephemeral=True,
        )

    # -- warnings --------------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_budget_low(self, call: Call, balances: Sequence[Balance]) -> None:
        """Warn once when 80% of a budget is spent.

        A server is warned in the channel where it happened, a person in a direct message.
        """
        for balance in balances:
            log.warning(
                "budget %s/%s: %s of %s spent", balance.bucket.scope, balance.bucket.period,
                money(balance.spent, DEFAULT), money(balance.limit or 0, DEFAULT),
            )  # fmt: skip
        channel = self.bot.get_channel(call.payer.channel_id or 0)
        place = channel if isinstance(channel, discord.abc.Messageable) else None
        words = await self._words_at(place, call.payer)
        theirs = [b for b in balances if b.bucket.scope is Scope.USER]
        servers = [b for b in balances if b.bucket.scope is Scope.GUILD]
        if servers:
            await self._say(place, _low(servers, words))
        user_id = call.payer.user_id
        if theirs and user_id is not None:
            direct = await self._direct(user_id)
            if not await self._say(direct, _low(theirs, words)):
                await self._say(place, f"⚠️ {words('costs.low_hint', who=f'<@{user_id}>')}")

    async def _words_at(self, place: discord.abc.Messageable | None, payer: Payer) -> Words:
        guild = getattr(place, "guild", None)
        settings = await settings_of(self.bot, guild)
        own = self.bot.locales.get(payer.user_id or 0)
        preferred = str(guild.preferred_locale) if guild is not None else None
        return words_for(settings.language or own or preferred)

    async def _direct(self, user_id: int) -> discord.DMChannel | None:
        try:
            return await self.bot.create_dm(discord.Object(user_id))
        except (discord.HTTPException, OSError):
            return None

    async def _say(self, place: discord.abc.Messageable | None, text: str) -> bool:
        """Post the warning in the channel; returns whether that worked."""
        if place is None:
            return False
        try:
            await place.send(text)
        except (discord.HTTPException, OSError) as e:
            log.warning("the warning about a budget could not be posted: %s", type(e).__name__)
            return False
        return True


def _low(balances: Sequence[Balance], words: Words) -> str:
    return f"⚠️ {words('costs.low')}\n{budgets_page(balances, words)}"
