"""The ledger: payloads with their history, runs, findings, decisions and the ordered change log (SQLite, WAL).

It is the truth; everything served is a projection of it. The only thing that several processes write.
"""

from registry.ledger.connection import LedgerError, beside, connect, transaction
from registry.ledger.findings import FindingGroup
from registry.ledger.runs import utc_now

__all__ = ["FindingGroup", "LedgerError", "beside", "connect", "transaction", "utc_now"]
