"""How soon is a photograph of 50 megapixels painted, and what does it leave in memory?

Uploaded three times as a browser does it, to the panel of a kernel that has painted before and has
the allocator that a class gets.
"""

import io
import os
import time

import numpy as np
import psutil
import reference
from jupyter_client.manager import start_new_kernel
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine.memory import MODEST

SIZES = (8700, 5800), (8160, 6120)  # as wide as the panel's pictures; as a phone's are
WAIT = 300  # seconds at most
SETUP = """
import nst_helpers as nst
playground = nst.Playground("harbour_town", "swirling_strokes")
display(playground)
playground.run()
playground.wait()
"""


def photograph(cols, rows):
    """A JPEG of that size, with a camera's noise."""
    picture = Image.open(nst.picture("mountain_lake")).convert("RGB").resize((cols, rows))
    noise = np.random.default_rng(0).normal(0, 4, (rows, cols, 1)).astype("float32")
    data = io.BytesIO()
    Image.fromarray(np.clip(picture + noise, 0, 255).astype("uint8")).save(data, "jpeg", quality=92)
    return data.getvalue()


class Kernel:
    """A kernel whose panel has painted once."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(env=os.environ | MODEST)
        self.process = psutil.Process(self.manager.provisioner.pid)
        self._comms = {}  # from ids to the states that widgets were opened with
        self.client.execute_interactive(SETUP, timeout=WAIT, output_hook=self._note)
        uploads = [
            comm
            for comm, state in self._comms.items()
            if state.get("_model_name") == "FileUploadModel"
        ]
        self._content = uploads[0]

    def _note(self, message):
        if message["msg_type"] == "comm_open":
            content = message["content"]
            self._comms[content["comm_id"]] = content["data"]["state"]

    def memory(self):
        return self.process.memory_info().rss

    def processor(self):
        return sum(self.process.cpu_times()[:2])

    def upload(self, data):
        """Uploads a content image.

        Returns:
            Seconds, and seconds of the processor, until the first picture is on its way to the
            browser, and the most bytes that the kernel held until the run's end.
        """
        file = {"name": "photo.jpg", "type": "image/jpeg", "size": len(data), "last_modified": 0}
        state = {"value": [{**file, "content": None}]}
        body = {"method": "update", "state": state, "buffer_paths": [["value", 0, "content"]]}
        content = {"comm_id": self._content, "data": body}
        start, used = time.perf_counter(), self.processor()
        self.client.session.send(
            self.client.shell_channel.socket, "comm_msg", content, buffers=[data]
        )
        first, most = None, 0
        while True:
            most = max(most, self.memory())
            message = self.client.get_iopub_msg(timeout=WAIT)
            value = message["content"].get("data", {}).get("state", {}).get("value")
            if value == "running" and not first:  # the picture is sent just before this word
                first = time.perf_counter() - start, self.processor() - used
            if value == "finished" and first:
                return *first, most

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main():
    rows = []
    for size in SIZES:
        data, kernel = photograph(*size), Kernel()
        try:
            before = kernel.memory()
            uploads = [kernel.upload(data) for _ in range(3)]
            time.sleep(2)
            left = kernel.memory() - before
        finally:
            kernel.close()
        seconds, processor, most = zip(*uploads, strict=True)
        rows.append(
            [
                f"{size[0]} × {size[1]}, {len(data) / 1e6:.0f} MB",
                f"{seconds[0]:.1f}",
                f"{max(seconds):.1f}",
                f"{processor[0]:.1f}",
                f"{(max(most) - before) / 1e6:.0f}",
                f"{left / 1e6:.0f}",
            ]
        )
    head = ["", "first upload, s", "worst, s", "first, processor's s", "most MB", "MB left"]
    print(reference.table(head, rows))


if __name__ == "__main__":
    main()
