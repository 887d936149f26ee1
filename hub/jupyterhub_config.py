"""One server for a class: jupyterhub --config hub/jupyterhub_config.py, from the repository.

A learner logs in with a name of their own and the password of the class, gets a JupyterLab with the
lessons, and stays below a limit of memory. All learners run as the same user of the system: this is
for people who trust each other. For accounts that are kept apart, take The Littlest JupyterHub, and
from here the lines on lessons, weights and limits.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlencode

import nst_helpers as nst
from nst_helpers.machine.memory import MODEST
from nst_helpers.machine.places import A_LEARNER, count_places

HUB = Path(__file__).resolve().parent
HOMES = Path(os.environ.get("NST_HOMES", "homes")).resolve()
LESSONS = os.environ.get("NST_LESSONS", str(HUB.parent))  # a Git repository's address or folder
BRANCH = os.environ.get("NST_BRANCH", "main")
FIRST = "notebooks/00_start_here.ipynb"

c = get_config()  # noqa: F821, given by JupyterHub

# Who may come in, and how many at once.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["NST_CLASS_PASSWORD"]  # 8 letters or more
c.Authenticator.allow_all = True
c.JupyterHub.active_server_limit = count_places()

# A home for each, and the lessons in it; nbgitpuller keeps what a student has changed.
c.JupyterHub.spawner_class = "simple"
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.SimpleLocalProcessSpawner.home_dir_template = str(HOMES / "{username}")
pull = {"repo": LESSONS, "branch": BRANCH, "targetpath": "lessons"}
pull["urlpath"] = f"lab/tree/lessons/{FIRST}"
c.Spawner.default_url = f"/git-pull?{urlencode(pull)}"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.environment = MODEST | {"NST_VGG19_WEIGHTS": str(nst.vgg19_weights())}  # a file for all
c.Spawner.args = [
    # Idle kernels end after half an hour, and idle servers half an hour later.
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_interval=60",
    "--ServerApp.shutdown_no_activity_timeout=1800",
    "--ServerApp.tornado_settings={'websocket_max_message_size': 134217728}",  # phones' pictures
]
if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container; else start the hub as a user
    c.Spawner.args.append("--allow-root")

# A kernel that takes more than its share is ended before others suffer; Jupyter starts a new one.
limit = os.environ.get("NST_KERNEL_LIMIT", str(int(1.5 * A_LEARNER)))
c.JupyterHub.services = [
    {"name": "memory", "command": [sys.executable, str(HUB / "limit_memory.py"), limit]}
]
