"""Where a submission runs: in a process of its own, confined as far as the system can.

========== =========================================================================================
bubblewrap A container of its own (Linux namespaces): no network, no other process, a read-only
           system, of the rest only the submission's folder; limits, seccomp inside.
process    Limits, a session of its own; on Linux no files but those (Landlock), no other process
           (seccomp), as far as the kernel has them.
none       A process under the wall clock.
========== =========================================================================================
"""

from gradcheck.submissions.sandbox.levels import LEVELS, available
from gradcheck.submissions.sandbox.session import Sandbox

__all__ = ["LEVELS", "Sandbox", "available"]
