"""The key that copies the limits of the agent in focus as code."""

from __future__ import annotations

from pathlib import Path

from scripted_source import ScriptedSource, demo_agents

from pooltop.core.edits import Edit
from pooltop.profiles import load
from pooltop.profiles.saving import Saving
from pooltop.takehome import TARGETS, of_snapshot, take_home


def _limits(one, target: str) -> str:
    (agent,) = (each for each in one.app.history.latest.agents if each.name == "starved")
    return take_home(of_snapshot(agent), target)


async def test_a_client_is_chosen_and_its_code_is_in_the_clipboard(desk) -> None:
    async with desk(size=(120, 40)) as one:
        await one.press("Y")
        text = one.text()
        assert "COPY the limits of agent starved as code" in text
        assert set() == {name for name in TARGETS if name not in text}
        await one.press("enter")
        assert _limits(one, "node-http") == one.app.clipboard
        assert "copied the limits of starved for node-http" in one.text()


async def test_tab_goes_through_the_clients_and_the_last_one_is_remembered(desk) -> None:
    async with desk() as one:
        await one.press("Y", "tab", "tab", "shift+tab", "enter")
        assert _limits(one, "undici") == one.app.clipboard
        await one.press("Y", "enter")
        assert "for undici" in one.text()
        await one.press("Y", "ctrl+u", *"ht", "tab", "enter")
        assert _limits(one, "httpx") == one.app.clipboard


async def test_what_is_no_client_is_said_and_nothing_is_copied(desk) -> None:
    async with desk(size=(160, 40)) as one:
        await one.press("Y", "ctrl+u", *"undicci", "enter")
        assert 'nothing copied: there is no undicci. Did you mean "undici"?' in one.text()
        assert "" == one.app.clipboard
        await one.press("Y", "escape")
        assert one.app.board.prompt.question is None


async def test_it_is_what_was_tuned_that_is_copied(desk) -> None:
    async with desk() as one:
        await one.source.submit(Edit(id=1, agent="starved", option="max_sockets", value=37.0))
        await one.step()
        await one.press("Y", "enter")
        assert "  maxSockets: 37,\n" in one.app.clipboard


async def test_y_in_the_form_leaves_it_and_asks_for_the_client(desk) -> None:
    async with desk() as one:
        await one.press("e", "y")
        assert not one.app.board.limits.editing
        assert "COPY the limits of agent starved as code" in one.text()
        await one.press("escape", "e", *"infinity")
        assert one.app.board.limits.editing


async def test_the_workloads_agent_is_meant_where_the_cursor_is_on_one(desk) -> None:
    async with desk() as one:
        await one.press("4", "Y")
        assert "COPY the limits of agent" in one.text()


async def test_where_nothing_is_in_focus_that_is_said(desk) -> None:
    async with desk() as one:
        await one.press("5", "Y")
        assert "there is no agent in focus" in one.text()


async def test_the_profile_knows_the_files_of_tls_and_no_secret_is_copied(desk, tmp_path) -> None:
    path = Path(tmp_path) / "prod.toml"
    path.write_text(
        '[agents.starved]\nkeep_alive = true\ntls = { passphrase = "hunter2", servername = "sni.test" }\n'
        '[workloads.load]\nagent = "starved"\nbase_url = "http://127.0.0.1:1"\nrate = "1/s"\n'
    )
    path.chmod(0o600)
    saving = Saving("", path=str(path), loaded=load(str(path)))
    async with desk(ScriptedSource(demo_agents()), saving=saving) as one:
        await one.press("Y", "enter")
        assert "  servername: 'sni.test',\n" in one.app.clipboard
        assert "hunter2" not in one.app.clipboard
        assert "process.env.TLS_KEY_PASSPHRASE" in one.app.clipboard
