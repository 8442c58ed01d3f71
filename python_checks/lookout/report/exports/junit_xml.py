"""The parts that every JUnit XML file is made of. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

# What XML 1.0 allows in no form at all (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(said: str) -> str:
    """The text with a sign in place of what XML does not allow."""
    return _FORBIDDEN.sub("\ufffd", said)


def document(root: ElementTree.Element) -> str:
    """The file, with the counts that every suite and the whole carry."""
    for element in (*root, root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            element.set(name, str(sum(1 for _ in element.iter(tag))))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'
