"""The limits strip: an agent's options, editable in place, with what is allowed said at once.

Never a modal: nothing is hidden while somebody edits. While it has the keyboard every key is
its own; the app's other keys come back with Esc or Enter.
"""

from __future__ import annotations

from textual.message import Message

from pooltop.core.snapshot import AgentSnapshot
from pooltop.present.clean import clean
from pooltop.present.editing import EditForm
from pooltop.present.history import HostId
from pooltop.present.limits import FIELDS, value_of, written
from pooltop.present.line import Ink, Line, Span, fit, width_of
from pooltop.ui.messages import EditEnded, EditRequested, StopRequested
from pooltop.ui.widgets.lines import LinePane, Painter

_STEPS = {"[": -1, "]": 1, "{": -10, "}": 10}
_KEYS = {"up": 1, "down": -1, "pageup": 10, "pagedown": -10}


class LimitsStrip(LinePane):
    """Shows the focused host's agent; edits it when asked to."""

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin without an agent."""
        super().__init__(painter, id=id)
        self.form: EditForm | None = None
        """What is being typed; None when nobody edits."""
        self._agent: AgentSnapshot | None = None
        self._label = ""
        self._status: Line = ()

    @property
    def editing(self) -> bool:
        """Whether somebody edits."""
        return self.form is not None

    def show_agent(self, agent: AgentSnapshot | None, label: str, status: Line) -> None:
        """Take what is known now of the agent that is shown.

        While somebody edits, the caller hands over the pinned agent, not the cursor's.

        Args:
            agent: Whose options; None when there is no host, or the pinned one is gone.
            label: The host, clean.
            status: What happened last; shown when nothing is being typed.
        """
        self._agent = agent
        self._label = label
        self._status = status
        if self.form is not None and agent is not None:
            self.form = self.form.refreshed(agent.options)
        self.render_form()

    def open(self, host: HostId, agent: AgentSnapshot, *, step: int = 0) -> None:
        """Begin to edit, pinned to this host's agent, on maxSockets.

        Always there: on the field used last, a number typed by habit would go to another limit.
        """
        self.form = EditForm(host, agent.options)
        self._agent = agent
        if step:
            self.form = self.form.step(step)
        self.render_form()

    def leave(self) -> EditEnded | None:
        """Stop editing; what was typed and not applied is dropped."""
        if self.form is None:
            return None
        self.form = None
        self.render_form()
        return EditEnded()

    def render_form(self) -> None:
        """Paint the strip as it stands."""
        self.set_class(self.editing, "-editing")
        agent = self._agent
        if agent is None:
            self.title("LIMITS")
            self.show([(("  no host yet", "dim"),)])
            return
        hosts = len(agent.origins)
        many = f", applies to each of its {hosts} hosts" if hosts > 1 else ""
        verb = "EDIT" if self.editing else "LIMITS"
        pinned = " (pinned)" if self.editing else ""
        self.title(f"{verb} {self._label}{pinned}, agent {clean(agent.name, 24)}{many}")
        self.show([self._fields(agent), self._second()])

    def _fields(self, agent: AgentSnapshot) -> Line:
        width = self.size.width
        for short in (False, True):
            line = self._field_spans(agent, short=short)
            if width_of(line) <= width:
                return line
        if self.form is None:
            return fit(line, width)
        # Too narrow for all: the focused one, and its place among the others.
        spans = self._one(agent, self.form.focus, short=True)
        return fit((*spans, (f"  {self.form.focus + 1}/{len(FIELDS)}", "dim")), width)

    def _field_spans(self, agent: AgentSnapshot, *, short: bool) -> Line:
        spans: list[Span] = [(" ", "text")]
        for index in range(len(FIELDS)):
            spans += [*self._one(agent, index, short=short), (" " if short else "  ", "text")]
        return tuple(spans[:-1])

    def _one(self, agent: AgentSnapshot, index: int, *, short: bool) -> list[Span]:
        field = FIELDS[index]
        title = field.short if short else field.title
        form = self.form
        text = written(field.option, value_of(agent.options, field.option))
        ink: Ink = "field"
        changed = value_of(agent.options, field.option) != value_of(
            agent.initial_options, field.option
        )
        if form is not None:
            text = form.text(index)
            if form.error(index):
                ink = "field.bad"
            elif index == form.focus:
                ink = "field.focus"
            elif form.typed[index] is not None:
                ink = "tag.mode"
            if index == form.focus:
                text += "_"
        elif field.option == "live":
            text, ink = text.upper(), "tag.mode"
        star: list[Span] = [("*", "accent")] if changed else []
        return [(title, "dim"), *star, (f"[{text}]", ink)]

    def _second(self) -> Line:
        width = self.size.width
        if self.form is None:
            return fit(self._status, width)
        form, field = self.form, self.form.field
        error = form.error(form.focus)
        if error:
            return fit(((f" {field.title} {error}", "bad"),), width)
        typed = form.typed[form.focus]
        before = written(field.option, value_of(form.options, field.option))
        spans: list[Span] = []
        if typed is not None and typed != before:
            spans.append((f" {field.title} {before} > {typed}", "accent"))
            spans.append((f" ok, {field.allowed}", "good"))
        else:
            spans.append((f" {field.title}: {field.allowed}", "text"))
        spans.append((f"  {field.meaning}", "dim"))
        return fit(spans, width)

    def on_resize(self) -> None:
        """Lay the fields out anew."""
        self.render_form()

    def take_key(self, key: str, char: str | None) -> Message | None:
        """Take a key while somebody edits; give what is to be done about it by the app.

        Args:
            key: Textual's name of it.
            char: What it types; None for keys that type nothing.
        """
        form = self.form
        if form is None:
            return None
        if key == "escape":
            return self.leave()
        if key == "enter":
            return self._apply(form)
        if char == "P":
            # No value is written with a capital: the key stays the one that stops everything.
            return StopRequested()
        self.form = _after(form, key, char)
        self.render_form()
        return None

    def _apply(self, form: EditForm) -> Message | None:
        bad = form.first_error()
        if bad is not None:
            self.form = form.move(bad - form.focus)
            self.render_form()
            return None
        changes = form.changes()
        self.leave()
        return EditRequested(form.host, changes)


def _after(form: EditForm, key: str, char: str | None) -> EditForm:
    if key in ("left", "shift+tab"):
        return form.move(-1)
    if key in ("right", "tab"):
        return form.move(1)
    if key in ("backspace", "ctrl+h"):
        return form.backspace()
    if char in _STEPS:
        return form.step(_STEPS[char])
    if key in _KEYS:
        return form.step(_KEYS[key])
    if form.field.choices and key == "space":
        return form.step(1)
    if char is not None and char.isprintable() and char != " ":
        return form.type(char)
    return form
