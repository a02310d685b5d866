"""The contract of a noun that no answer brings: what a developer writes as the first of the six steps."""

import re

TAG = """  - name: reading lists
    description: What the caller wants to read.
"""
ERRORS = """        "401": { $ref: '#/components/responses/Unauthorized' }
        "403": { $ref: '#/components/responses/Forbidden' }
"""
BODY_ERRORS = f"""        "400": {{ $ref: '#/components/responses/BadRequest' }}
{ERRORS}        "413": {{ $ref: '#/components/responses/TooLarge' }}
        "415": {{ $ref: '#/components/responses/WrongMediaType' }}
        "422": {{ $ref: '#/components/responses/Invalid' }}
"""
LIMITS = """        "429": { $ref: '#/components/responses/TooManyRequests' }
        "503": { $ref: '#/components/responses/Unavailable' }
"""
INVALID = """        "422": { $ref: '#/components/responses/Invalid' }
"""
NOT_FOUND = """        "404": { $ref: '#/components/responses/NotFound' }
"""


def _content(name: str) -> str:
    return f"""          content:
            application/json:
              schema: {{ $ref: '#/components/schemas/{name}' }}
"""


def _body(name: str) -> str:
    return f"""      requestBody:
        required: true
        content:
          application/json:
            schema: {{ $ref: '#/components/schemas/{name}' }}
"""


PATHS = f"""  /api/v1/reading-lists:
    post:
      operationId: create_reading_list
      tags: [reading lists]
      summary: Make a list
{_body("ReadingListCreate")}      responses:
        "201":
          description: The new list.
          headers:
            Location: {{ $ref: '#/components/headers/Location' }}
{_content("ReadingListRead")}{BODY_ERRORS}{LIMITS}    get:
      operationId: list_reading_lists
      tags: [reading lists]
      summary: List the lists
      parameters:
        - name: limit
          in: query
          description: How many items to return
          schema: {{ type: integer, minimum: 1, maximum: 100, default: 20 }}
        - name: offset
          in: query
          description: How many items to skip
          schema: {{ type: integer, minimum: 0, maximum: 1000000, default: 0 }}
      responses:
        "200":
          description: A part of the lists.
{_content("ReadingListPage")}{ERRORS}{INVALID}{LIMITS}  /api/v1/reading-lists/{{list_id}}:
    parameters:
      - name: list_id
        in: path
        required: true
        description: Which list
        schema: {{ type: string, format: uuid }}
    get:
      operationId: read_reading_list
      tags: [reading lists]
      summary: Show a list
      responses:
        "200":
          description: The list.
{_content("ReadingListRead")}{ERRORS}{NOT_FOUND}{INVALID}{LIMITS}    patch:
      operationId: update_reading_list
      tags: [reading lists]
      summary: Change a list
{_body("ReadingListUpdate")}      responses:
        "200":
          description: The list as it is now.
{_content("ReadingListRead")}{BODY_ERRORS}{NOT_FOUND}{LIMITS}    delete:
      operationId: delete_reading_list
      tags: [reading lists]
      summary: Delete a list
      responses:
        "204":
          description: The list is gone.
{ERRORS}{NOT_FOUND}{INVALID}{LIMITS}"""
EXAMPLE = """id: 7f8d5c0e-3b1a-4c52-9d6e-2f4b8a1c0d3e
          name: Summer
          books: 3
          budget: "19.90"
          due: "2026-08-31"
          state: open
          created_at: "2026-03-14T09:26:53Z"
          updated_at: "2026-03-14T09:26:53Z"
"""
SCHEMAS = f"""    ReadingListRead:
      description: Books that somebody wants to read.
      type: object
      required: [id, name, books, budget, due, state, created_at, updated_at]
      properties:
        id: {{ type: string, format: uuid }}
        name: {{ type: string }}
        books: {{ type: integer }}
        budget: {{ type: string, format: decimal, pattern: '^[0-9]{{1,6}}[.][0-9]{{2}}$' }}
        due: {{ type: [string, "null"], format: date }}
        state: {{ type: string, enum: [open, closed] }}
        created_at: {{ type: string, format: date-time }}
        updated_at: {{ type: string, format: date-time }}
      examples:
        - {EXAMPLE}    ReadingListCreate:
      description: A list to make.
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {{ type: string, minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f\\x7f]+$' }}
        books: {{ type: integer, minimum: 0, maximum: 1000, default: 0 }}
        budget: {{ type: string, format: decimal, pattern: '^[0-9]{{1,6}}[.][0-9]{{2}}$', default: "0.00" }}
        due: {{ type: [string, "null"], format: date, default: null }}
      examples:
        - {{ name: Summer, books: 3, budget: "19.90", due: "2026-08-31" }}
    ReadingListUpdate:
      description: What to change on a list; what is left out stays.
      type: object
      additionalProperties: false
      properties:
        name: {{ type: string, minLength: 1, maxLength: 100, pattern: '^[^\\x00-\\x1f\\x7f]+$' }}
        books: {{ type: integer, minimum: 0, maximum: 1000 }}
        budget: {{ type: string, format: decimal, pattern: '^[0-9]{{1,6}}[.][0-9]{{2}}$' }}
        due: {{ type: [string, "null"], format: date }}
      examples:
        - {{ books: 4 }}
    ReadingListPage:
      description: Lists, newest first.
      type: object
      required: [items, total, limit, offset]
      properties:
        items:
          type: array
          items: {{ $ref: '#/components/schemas/ReadingListRead' }}
        total: {{ type: integer, minimum: 0 }}
        limit: {{ type: integer }}
        offset: {{ type: integer }}
      examples:
        - items: []
          total: 0
          limit: 20
          offset: 0
"""


def promised_in(contract: str) -> str:
    """The contract with the noun written into it."""
    contract = re.sub(r"(?m)^paths:\n", lambda match: match[0] + PATHS, contract)
    contract = re.sub(r"(?m)^tags:\n", lambda match: match[0] + TAG, contract)
    return re.sub(r"(?m)^  schemas:\n", lambda match: match[0] + SCHEMAS, contract)
