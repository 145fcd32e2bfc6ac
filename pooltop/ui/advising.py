"""The key that takes up advice, and the question of an advisor that asks by itself."""

from __future__ import annotations

from pooltop.advise.diagnosis import Card
from pooltop.core.snapshot import Snapshot
from pooltop.present.advice import headline, sentence
from pooltop.present.editing import WorkloadId
from pooltop.present.history import HostId
from pooltop.present.hosts import hosts_under
from pooltop.ui.asked import ApplyEdits
from pooltop.ui.widgets.prompt import Question
from pooltop.ui.writing import WritingKeys


class AdvisingKeys(WritingKeys):
    """Advice is applied as any edit is: behind the lock, within bounds, undoable."""

    def action_apply(self) -> None:
        """Apply what the card under the cursor proposes, if it still does."""
        page = self.board.advice
        row = page.row if self.board.page is page else None
        if row is None or row.card is None:
            key = self.keys.first(page.key)
            self.operator.say(f"put the cursor on a card of advice: page {key}")
            return
        if not self.operator.may_write():
            return
        # A screen that is held may show what is over: what holds now is what counts.
        same = (row.card.id, row.card.subject)
        now = (one for one in self.history.advisor.cards() if (one.id, one.subject) == same)
        card = next(now, None)
        asked = None if card is None else self._asked_by(card)
        if card is None:
            self.operator.say(f"{row.card.id} is over: there is nothing to apply", "warn")
        elif asked is None:
            self.operator.say(f"{card.id} has no live edit: {card.diagnosis.recommendation}")
        else:
            self.apply_edits(asked)

    def _asked_by(self, card: Card) -> ApplyEdits | None:
        """Give the edit that a card proposes; None where it proposes none, or its agent is gone."""
        edit, latest = card.finding.edit, self.history.latest
        if edit is None or latest is None:
            return None
        changes = ((edit.option, edit.value),)
        if edit.workload:
            return ApplyEdits(WorkloadId(edit.workload), changes, by="advisor")
        hosts = hosts_under(latest, edit.agent, edit.host)
        own = HostId(card.subject.agent, card.subject.origin)
        target = own if own in hosts else next(iter(hosts), None)
        return None if target is None else ApplyEdits(target, changes, by="advisor")

    def on_snapshot_arrived(self) -> None:
        """Draw; and ask whether to take up advice, where the profile has it ask."""
        super().on_snapshot_arrived()
        latest = self.history.latest
        is_free = not self.board.typing and self.operator.refusal is None
        if latest is None or latest.advisor.mode != "ask" or not is_free:
            return
        for card in self.history.advisor.cards():
            offer = (card.id, card.subject, card.since)
            asked = None if offer in self.operator.offered else self._asked_by(card)
            self.operator.offered.add(offer)
            if asked is not None and self.player is None:
                self._offer(card, asked, latest)
                return

    def _offer(self, card: Card, asked: ApplyEdits, latest: Snapshot) -> None:
        self.board.prompt.ask(
            Question(
                f"ADVICE {headline(card, latest)}",
                ((f" {sentence(card, latest)}", "warn"),),
                lambda _: self.apply_edits(asked),
                expects="",
            )
        )
        self.redraw()
