"""What programs send as JSON."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class WholeTextParser(JSONParser):
    """JSON whose words can be kept and said again: half of a surrogate pair is no character of any encoding."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        data = super().parse(*args, **kwargs)
        try:
            json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ParseError("文字里有不完整的字符，请检查编码。") from None
        return data
