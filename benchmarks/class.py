"""A class on one server: brings up the hub, and sends learners at it. class.py [LEARNERS]

Each logs in with the password, gets the lessons, runs all cells of lesson 0, opens the panel of
the lesson about the sliders, and moves one. One more tries to take all the memory there is, and
must be the only one whose kernel ends.
"""

import asyncio
import contextlib
import json
import os
import re
import secrets
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid
from pathlib import Path

import psutil
import reference
import requests
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from nst_helpers.machine.places import count_places

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = secrets.token_urlsafe(12)
PORT = 8765
HUB = f"http://127.0.0.1:{PORT}"
SPAWN, CELL = 600, 1800  # seconds to wait at most, where the whole class computes
GREEDY = "import numpy as np\nkeep = [np.ones(2**27) for _ in range(64)]"
MEMORY = "import psutil; print(psutil.Process().memory_full_info().pss)"


class Kernel:
    """A kernel of a learner's, over its websocket."""

    def __init__(self, learner, kernel, socket):
        self.learner, self.id, self._socket = learner, kernel, socket
        self.comms = {}  # from ids to the states that widgets were opened with

    async def send(self, kind, **content):
        header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "version": "5.3"}
        header |= {"session": self.id, "username": self.learner.name, "date": ""}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self._socket.write_message(json.dumps({**message, "channel": "shell"}))
        return header["msg_id"]

    async def next(self):
        data = await asyncio.wait_for(self._socket.read_message(), CELL)
        if data is None:
            raise ConnectionError("the kernel's connection ended")
        if isinstance(data, bytes):  # a message with a picture behind it
            start, end = struct.unpack("!2I", data[4:12])
            data = data[start:end]
        message = json.loads(data)
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "comm_open":
            self.comms[content["comm_id"]] = content["data"].get("state", {})
        if kind == "status" and content["execution_state"] in ("restarting", "dead"):
            raise ConnectionError("the kernel has died")
        return kind, content, message["parent_header"].get("msg_id")

    async def run(self, code):
        """Runs a cell; returns what it printed, and when its first picture came."""
        asked = await self.send("execute_request", code=code, silent=False, allow_stdin=False)
        text, picture = "", None
        while True:
            kind, content, parent = await self.next()
            if parent != asked:
                continue
            if kind == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            if kind == "stream":
                text += content["text"]
            if any(name.startswith("image/") for name in content.get("data", ())):
                picture = picture or time.perf_counter()
            if kind == "status" and content["execution_state"] == "idle":
                return text, picture

    async def move_slider(self, name, index):
        """Moves a slider, and waits until the run that it starts has ended."""
        (slider,) = (
            comm
            for comm, state in self.comms.items()
            if state.get("_model_name") == "SelectionSliderModel" and state["description"] == name
        )
        data = {"method": "update", "state": {"index": index}, "buffer_paths": []}
        await self.send("comm_msg", comm_id=slider, data=data)
        running = False
        while True:
            kind, content, _ = await self.next()
            value = content["data"].get("state", {}).get("value") if kind == "comm_msg" else None
            running |= value == "running"
            if running and value == "finished":
                return


class Learner:
    """A learner in a browser of their own."""

    def __init__(self, name):
        self.name = name
        self.address = f"{HUB}/user/{name}"
        self.browser = requests.Session()

    def cookie(self, name, path):
        return next(c.value for c in self.browser.cookies if (c.name, c.path) == (name, path))

    def enter(self):
        """Logs in, waits for the server and gets the lessons."""
        self.browser.get(f"{HUB}/hub/login").raise_for_status()
        form = {"username": self.name, "password": PASSWORD}
        form["_xsrf"] = self.cookie("_xsrf", "/hub/")
        self.browser.post(f"{HUB}/hub/login", data=form).raise_for_status()
        self.browser.get(f"{HUB}/hub/spawn").raise_for_status()
        end = time.monotonic() + SPAWN
        # Until the server itself answers, which knows nobody before their first page.
        while self.browser.get(f"{self.address}/api/status").status_code not in (200, 403):
            if time.monotonic() > end:
                raise TimeoutError("the server never came")
            time.sleep(0.5)
        page = self.browser.get(f"{self.address}/")  # goes on to the lessons
        query = urllib.parse.urlsplit(page.url).query
        answer = self.browser.get(f"{self.address}/git-pull/api?{query}")
        if '"phase": "finished"' not in answer.text:
            raise RuntimeError(f"no lessons: {answer.text[-300:]}")

    def cells(self, lesson):
        folder = f"{self.address}/api/contents/lessons/notebooks"
        names = [file["name"] for file in self.browser.get(folder).json()["content"]]
        (name,) = (name for name in names if re.fullmatch(lesson, name))
        notebook = self.browser.get(f"{folder}/{name}").json()["content"]
        return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]

    async def kernel(self):
        def start():
            token = {"X-XSRFToken": self.cookie("_xsrf", f"/user/{self.name}/")}
            body = {"name": "python3", "path": "lessons/notebooks"}
            answer = self.browser.post(f"{self.address}/api/kernels", json=body, headers=token)
            answer.raise_for_status()
            return answer.json()["id"]

        kernel = await asyncio.to_thread(start)
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.browser.cookies if c.value)
        url = f"{self.address}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        request = HTTPRequest(url, headers={"Cookie": cookies, "Origin": HUB})
        return Kernel(self, kernel, await websocket_connect(request, max_message_size=1 << 27))

    async def learn(self):
        """Seconds to the first picture of lesson 0, and bytes that its kernel holds at the end."""
        start = time.perf_counter()
        await asyncio.to_thread(self.enter)
        kernel, first = await self.kernel(), None
        for code in await asyncio.to_thread(self.cells, r"00_.*\.ipynb"):
            _, picture = await kernel.run(code)
            first = first or picture
        memory = int((await kernel.run(MEMORY))[0])
        for code in await asyncio.to_thread(self.cells, r".*_play_with_the_sliders\.ipynb"):
            await kernel.run(code)
            if any(state.get("description") == "style" for state in kernel.comms.values()):
                break
        for index in (6, 4):
            await kernel.move_slider("style", index)
        return first - start, memory

    async def take_too_much(self):
        """Whether the kernel that asks for 64 GB is ended."""
        await asyncio.to_thread(self.enter)
        kernel = await self.kernel()
        try:
            await kernel.run(GREEDY)
        except (ConnectionError, RuntimeError) as error:
            return "died" in str(error) or "MemoryError" in str(error)
        return False


def start_hub(folder):
    environment = {
        **os.environ,
        "NST_CLASS_PASSWORD": PASSWORD,
        "NST_HOMES": str(folder / "homes"),
        "NST_BRANCH": subprocess.check_output(
            ["git", "branch", "--show-current"], cwd=ROOT, text=True
        ).strip(),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterhub",
        "--config",
        str(ROOT / "hub/jupyterhub_config.py"),
    ]
    command += [f"--JupyterHub.bind_url={HUB}", "--JupyterHub.hub_port=8766"]
    command += ["--ConfigurableHTTPProxy.api_url=http://127.0.0.1:8767"]
    with open(folder / "hub.log", "w") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def wait_for_hub(hub):
    while hub.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{HUB}/hub/health", timeout=5).ok:
                return
        time.sleep(0.5)
    raise RuntimeError("the hub has ended: see its log")


async def teach(count):
    learners = [Learner(f"learner{number}") for number in range(1, count + 1)]
    greedy = Learner("greedy")
    return await asyncio.gather(
        *(learner.learn() for learner in learners), greedy.take_too_much(), return_exceptions=True
    )


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else count_places() - 1
    with tempfile.TemporaryDirectory() as folder:
        hub = start_hub(Path(folder))
        try:
            wait_for_hub(hub)
            *outcomes, ended = asyncio.run(teach(count))
        finally:
            processes = psutil.Process(hub.pid).children(recursive=True)
            hub.terminate()
            hub.wait(60)
            for process in psutil.wait_procs(processes, timeout=10)[1]:
                process.kill()
        log = Path(folder, "hub.log").read_text(encoding="utf-8")
    lost = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    done = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    for error in lost:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    if lost:
        print(log[-5000:], file=sys.stderr)
    seconds, memory = zip(*done, strict=True) if done else ([0], [0])
    alone = ended is True and not lost
    figures = {
        "learners who finished, of how many": f"{len(done)} of {count}",
        "seconds from logging in to the first picture, median": f"{statistics.median(seconds):.0f}",
        "the same, worst": f"{max(seconds):.0f}",
        "GB that a kernel holds after lesson 0, median": f"{statistics.median(memory) / 1e9:.2f}",
        "the kernel that took too much was ended, alone": "yes" if alone else "no",
    }
    rows = list(figures.items())
    print(reference.table(["", ""], rows))
    sys.exit(not alone)


if __name__ == "__main__":
    main()
