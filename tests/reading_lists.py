"""The contract of nouns that no answer brings: what a developer writes as the first of the six steps."""

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


MORE_TAGS = """  - name: notes
    description: What is said about a list.
  - name: genres
    description: Kinds of books.
    x-written-by: staff
"""
PARAMETERS = """        - { $ref: '#/components/parameters/After' }
        - { name: q, in: query, description: Part of the name, schema: { type: string, minLength: 1, maxLength: 100 } }
        - { name: state, in: query, description: One of these, schema: { type: array, items: { type: string, enum: [open, closed] } } }
        - { name: books_from, in: query, description: At least, schema: { type: integer } }
        - { name: due_to, in: query, description: Due by then, schema: { type: string, format: date } }
        - { name: sort, in: query, description: The order, schema: { type: string, enum: [due, -due, books, -books] } }
"""
PAGE = """      parameters: [{ $ref: '#/components/parameters/Limit' }, { $ref: '#/components/parameters/Offset' }]
"""


def _noun(path: str, item: str, tag: str, *, reads: str = "") -> str:
    """The operations of a noun, without what `just contract --fill` writes."""
    head = f"      tags: [{tag}]\n      summary: Do it\n"
    word = item.lower()
    return f"""  {path}:
    post:
      operationId: create_{word}
{head}{_body(f"{item}Create")}      responses:
        "201":
          description: The new one.
          headers:
            Location: {{ $ref: '#/components/headers/Location' }}
{_content(f"{item}Read")}    get:
      operationId: list_{word}s
{head}{reads}{PAGE}      responses:
        "200":
          description: A part of the list.
{_content(f"{item}Page")}  {path}/{{{word}_id}}:
    get:
      operationId: read_{word}
{head}{reads}      responses:
        "200":
          description: The one.
{_content(f"{item}Read")}    patch:
      operationId: update_{word}
{head}{_body(f"{item}Update")}      responses:
        "200":
          description: The one as it is now.
{_content(f"{item}Read")}    delete:
      operationId: delete_{word}
{head}      responses:
        "204":
          description: It is gone.
"""


def _schemas(item: str) -> str:
    text = "{ text: { type: string, minLength: 1, maxLength: 100, pattern: '^[a-z]+$' } }"
    sent = f"type: object, additionalProperties: false, properties: {text}"
    example = "id: 7f8d5c0e-3b1a-4c52-9d6e-2f4b8a1c0d3e, text: short"
    read = "{ id: { $ref: '#/components/schemas/Id' }, text: { type: string } }"
    return f"""    {item}Create: {{ {sent}, required: [text], examples: [{{ text: short }}] }}
    {item}Update: {{ {sent}, examples: [{{ text: long }}] }}
    {item}Read: {{ type: object, required: [id, text], properties: {read}, examples: [{{ {example} }}] }}
    {item}Page:
      allOf: [{{ $ref: '#/components/schemas/Page' }}]
      type: object
      required: [items]
      properties: {{ items: {{ type: array, items: {{ $ref: '#/components/schemas/{item}Read' }} }} }}
      examples: [{{ items: [], total: 0, limit: 20, offset: 0 }}]
"""


def promised_with_more_in(contract: str) -> str:
    """The same with a list that can be asked for much, a part of the noun, and a noun that belongs to nobody."""
    more = _noun("/api/v1/reading-lists/{list_id}/notes", "Note", "notes")
    more += _noun("/api/v1/genres", "Genre", "genres", reads="      security: []\n")
    contract = promised_in(contract)
    for before, added in {
        "paths:\n": more,
        "tags:\n": MORE_TAGS,
        "  schemas:\n": _schemas("Note") + _schemas("Genre"),
        "          schema: { type: integer, minimum: 0, maximum: 1000000, default: 0 }\n": PARAMETERS,
    }.items():
        contract = contract.replace(before, before + added, 1)
    return contract.replace("        total: { type: integer, minimum: 0 }\n", PAGE_TOTAL, 1)


PAGE_TOTAL = """        total: { type: [integer, "null"], minimum: 0 }
"""
