"""Many objects deleted by one request."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from qiskit_direct_provider.service.object_content import read_document
from qiskit_direct_provider.service.s3_answers import S3Error, xml_answer

if TYPE_CHECKING:
    from fastapi import Request, Response

    from qiskit_direct_provider.service.objects import ObjectStore
    from qiskit_direct_provider.service.signatures import Signer

__all__ = ["delete_objects"]

MOST_KEYS = 1000
_KEY = re.compile(r"<Key>([^<]*)</Key>")
_QUIET = re.compile(r"<Quiet>\s*true\s*</Quiet>")


async def delete_objects(request: Request, store: ObjectStore, signer: Signer) -> Response:
    """Delete the objects that a document names; what is not there counts as deleted.

    Raises:
        S3Error: The document names none, or more than S3 takes.
    """
    document = await read_document(request, store, signer)
    keys = [html.unescape(key) for key in _KEY.findall(document)]
    if not 0 < len(keys) <= MOST_KEYS:
        raise S3Error(400, "MalformedXML", f"From 1 to {MOST_KEYS} keys are deleted by one request.")
    for key in keys:
        store.remove(key)
    told = () if _QUIET.search(document) else keys
    return xml_answer("DeleteResult", "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in told))
