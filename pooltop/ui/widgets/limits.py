"""The limits strip: an agent's options, editable in place, with what is allowed said at once.

Never a modal: nothing is hidden while somebody edits. While it has the keyboard every key is
its own; the app's other keys come back with Esc or Enter.
"""

from __future__ import annotations

from pooltop.present.editing import Editable, EditForm, Target, WorkloadId
from pooltop.present.limits import written
from pooltop.present.line import Ink, Line, Span, fit, width_of
from pooltop.ui.asked import ApplyEdits, TakeHome
from pooltop.ui.widgets.lines import LinePane, Painter

_STEPS = {"[": -1, "]": 1, "{": -10, "}": 10}
_TAKES_HOME = "y"
"""Of no value but "infinity", where it is typed as any letter."""
_KEYS = {"up": 1, "down": -1, "pageup": 10, "pagedown": -10}


class LimitsStrip(LinePane):
    """Shows the options of the agent in focus, or of a workload; edits them when asked to."""

    def __init__(self, painter: Painter, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin with nothing."""
        super().__init__(painter, id=id)
        self.form: EditForm | None = None
        """What is being typed; None when nobody edits."""
        self._of: Editable | None = None
        self._who = ""
        self._status: Line = ()

    @property
    def editing(self) -> bool:
        """Whether somebody edits."""
        return self.form is not None

    def show_options(self, of: Editable | None, who: str, status: Line) -> None:
        """Take what is known now of whom is shown.

        While somebody edits, the caller hands over the pinned one, not the cursor's.

        Args:
            of: Its options; None when there is none, or the pinned one is gone.
            who: Its name, clean.
            status: What happened last; shown when nothing is being typed.
        """
        self._of = of
        self._who = who
        self._status = status
        if self.form is not None and of is not None:
            self.form = self.form.refreshed(of)
        self.render_form()

    def open(self, target: Target, of: Editable, *, step: int = 0) -> None:
        """Begin to edit, pinned to this target, on its first option.

        Always there: on the field used last, a number typed by habit would go to another limit.
        """
        self.form = EditForm(target, of)
        self._of = of
        if step:
            self.form = self.form.step(step)
        self.render_form()

    def leave(self) -> None:
        """Stop editing; what was typed and not applied is dropped."""
        if self.form is not None:
            self.form = None
            self.render_form()

    def render_form(self) -> None:
        """Paint the strip as it stands."""
        self.set_class(self.editing, "-editing")
        of = self._of
        if of is None and self.form is not None:
            target = self.form.target
            name = target.name if isinstance(target, WorkloadId) else f"agent {target.agent}"
            self.title(f"EDIT {name} (pinned)")
            self.show([((" it is gone: there is nothing to apply this to; esc leaves", "bad"),)])
            return
        if of is None:
            self.title("LIMITS")
            self.show([(("  no host in focus", "dim"),), fit(self._status, self.size.width)])
            return
        verb = "EDIT" if self.editing else "LIMITS"
        head, comma, rest = self._who.partition(",")
        pinned = " (pinned)" if self.editing else ""
        self.title(f"{verb} {head}{pinned}{comma}{rest}")
        self.show([self._fields(of), self._second()])

    def _fields(self, of: Editable) -> Line:
        width = self.size.width
        for short in (False, True):
            line = self._field_spans(of, short=short)
            if width_of(line) <= width:
                return line
        if self.form is None:
            return fit(line, width)
        # Too narrow for all: the focused one, and its place among the others.
        spans = self._one(of, self.form.focus, short=True)
        return fit((*spans, (f"  {self.form.focus + 1}/{len(of.fields)}", "dim")), width)

    def _field_spans(self, of: Editable, *, short: bool) -> Line:
        spans: list[Span] = [(" ", "text")]
        for index in range(len(of.fields)):
            spans += [*self._one(of, index, short=short), (" " if short else "  ", "text")]
        return tuple(spans[:-1])

    def _one(self, of: Editable, index: int, *, short: bool) -> list[Span]:
        field = of.fields[index]
        title = field.short if short else field.title
        form = self.form
        text = written(field.option, of.value(field.option))
        ink: Ink = "field"
        changed = of.value(field.option) != of.initial(field.option)
        if form is not None:
            text = form.text(index)
            if form.error(index):
                ink = "field.bad"
            elif index == form.focus:
                ink = "field.focus"
            elif field.option in form.typed:
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
        typed = form.typed.get(field.option)
        before = written(field.option, form.of.value(field.option))
        spans: list[Span] = []
        if typed is not None and typed != before:
            spans.append((f" {field.title} {before} > {typed}", "accent"))
            asks = form.asks()
            good: Span = (f" ok, {form.of.allowed(field.option)}", "good")
            spans.append((f" {asks}", "warn") if asks else good)
        else:
            spans.append((f" {field.title}: {form.of.allowed(field.option)}", "text"))
        spans.append((f"  {field.meaning}", "dim"))
        return fit(spans, width)

    def on_resize(self) -> None:
        """Lay the fields out anew."""
        self.render_form()

    def take_key(self, key: str, char: str | None) -> ApplyEdits | TakeHome | None:
        """Take a key while somebody edits; give what is to be done about it by the app.

        Args:
            key: Textual's name of it.
            char: What it types; None for keys that type nothing.
        """
        form = self.form
        if form is None:
            return None
        if key == "escape":
            self.leave()
            return None
        if self._of is None:
            # Gone, yet not closed: what is typed on would be commands.
            return None
        if key == "enter":
            return self._apply(form)
        if char == _TAKES_HOME and not form.text(form.focus).lower().startswith("inf"):
            self.leave()
            return TakeHome(form.target)
        self.form = _after(form, key, char)
        self.render_form()
        return None

    def take_text(self, text: str) -> None:
        """Type a paste into the focused field: none of it is a command."""
        typed = _typeable(text)
        if self.form is not None and typed:
            self.form = self.form.type(typed)
            self.render_form()

    def _apply(self, form: EditForm) -> ApplyEdits | None:
        bad = form.first_error()
        if bad is not None:
            self.form = form.move(bad - form.focus)
            self.render_form()
            return None
        changes = form.changes()
        self.leave()
        return ApplyEdits(form.target, changes)


def _after(form: EditForm, key: str, char: str | None) -> EditForm:
    if key in ("left", "shift+tab"):
        return form.move(-1)
    if key in ("right", "tab"):
        return form.move(1)
    if key in ("backspace", "ctrl+h"):
        return form.backspace()
    if key == "ctrl+u":
        return form.clear()
    if char in _STEPS:
        return form.step(_STEPS[char])
    if key in _KEYS:
        return form.step(_KEYS[key])
    if form.field.choices and key == "space":
        return form.step(1)
    typed = _typeable(char or "")
    return form.type(typed) if typed else form


def _typeable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char != " ")
