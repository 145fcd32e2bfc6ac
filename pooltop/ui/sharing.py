"""The keys that hand on what is seen: copy, export, pictures; and the list of all commands."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable

from textual.app import SystemCommand
from textual.screen import Screen

from pooltop.present.export import to_csv
from pooltop.present.inspector import RequestSubject, copy_of, curl_of
from pooltop.present.keys import KEYS
from pooltop.ui.files import default_name, write_new
from pooltop.ui.inspecting import beside_subject
from pooltop.ui.palette import Palette
from pooltop.ui.pictures import as_png
from pooltop.ui.reading import ReadingKeys
from pooltop.ui.theme import THEMES
from pooltop.ui.widgets.prompt import Question


class SharingKeys(ReadingKeys):
    """Nothing here changes the engine; files are written only where a name was confirmed."""

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Give every key as a command of the palette."""
        del screen
        for key in KEYS:
            if key.id not in ("palette", "up", "down"):
                yield SystemCommand(
                    f"{key.id}: {key.help}",
                    self.keys.shown(key.id),
                    self._command(key.action),
                )

    def action_command_palette(self) -> None:
        """Open the list of all commands."""
        if len(self.screen_stack) == 1:
            self.push_screen(Palette(id="--command-palette"))

    def _command(self, action: str) -> Callable[[], Coroutine[None, None, None]]:
        async def run() -> None:
            await self.run_action(action)

        return run

    def action_copy(self) -> None:
        """Copy what the cursor is on: a request as a curl command, all else in words."""
        text, what = self._worth_copying()
        if not text:
            self.operator.say("there is nothing to copy")
            return
        self.copy_to_clipboard(text)
        self.operator.say(f"copied {what} to the terminal's clipboard (OSC 52)", "accent")

    def _worth_copying(self) -> tuple[str, str]:
        """Give a text, and what it is."""
        view = self.view()
        subject = self.board.page.subject
        picture = self.board.page.picture(view)
        if picture is not None and subject is not None:
            curl = curl_of(picture) if isinstance(subject, RequestSubject) else None
            if curl is not None:
                return (curl, "a curl command")
            return (
                copy_of(picture, beside=beside_subject(view, subject, picture, 100)),
                "the details",
            )
        return self.board.page.copied(view)

    def action_export(self) -> None:
        """Ask for a file name, then write the table that is shown."""
        view = self.view()
        if view.snapshot is None:
            self.operator.say("there is nothing to export yet")
            return
        if self._is_far():
            return
        page = self.board.page
        export = page.export(view)  # of this instant, however long the name takes

        def write(name: str) -> None:
            as_json = name.lower().endswith(".json")
            text = page.document(view, export) if as_json else to_csv(export)
            self.operator.say(write_new(name, text.encode("utf-8", "backslashreplace")), "accent")

        rows = f" {len(export.rows)} rows as filtered and sorted; .json for JSON, else CSV"
        name = default_name(page.name.lower(), page.exports_as, view.snapshot.wall_at)
        self._ask_for_file(f"EXPORT {page.name}", rows, name, write)

    def action_picture(self) -> None:
        """Ask for a file name, then write a picture of the screen."""
        if self._is_far():
            return
        view = self.view()
        wall_at = view.snapshot.wall_at if view.snapshot is not None else 0.0
        svg = self.export_screenshot(title="pooltop")

        def write(name: str) -> None:
            if not name.lower().endswith(".png"):
                self.operator.say(write_new(name, svg.encode()), "accent")
                return
            png = as_png(svg)
            if isinstance(png, str):
                self.operator.say(f"not written: {png}", "bad")
            else:
                self.operator.say(write_new(name, png), "accent")

        says = " as it was when you pressed the key; .png for PNG, else SVG"
        name = default_name("screen", "svg", wall_at)
        self._ask_for_file("PICTURE of the screen", says, name, write)

    def _ask_for_file(self, title: str, says: str, name: str, write: Callable[[str], None]) -> None:
        self.board.prompt.ask(Question(title, ((says, "text"),), write, text=name))
        self.redraw()

    def _is_far(self) -> bool:
        """Tell whether files would be written where this reader is not; says so."""
        if self.is_web:
            self.operator.say("from a browser no file is written on the engine's machine", "warn")
        return self.is_web

    def action_theme(self) -> None:
        """Take the next theme."""
        if self.no_color:
            self.operator.say("NO_COLOR is set: there is no other theme")
            return
        names = [theme.name for theme in THEMES]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]
        self.operator.say(f"theme {self.theme}")

    def action_suspend(self) -> None:
        """Go to the shell; the engine goes on, and fg comes back."""
        if self.is_web:
            self.operator.say("there is no shell behind a browser")
            return
        self.action_suspend_process()
