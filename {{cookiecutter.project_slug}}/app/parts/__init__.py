"""What runs beside the routes: each part opens after the database and closes before it."""

from app.parts.kinds import Part
# {% if cookiecutter.redis %}
from app.parts.redis import share_through_redis
# {% endif %}
# {% if cookiecutter.telemetry %}
from app.parts.telemetry import observe
# {% endif %}

PARTS: list[Part] = []
# {% if cookiecutter.redis %}
PARTS.append(share_through_redis)
# {% endif %}
# {% if cookiecutter.telemetry %}
PARTS.append(observe)
# {% endif %}
