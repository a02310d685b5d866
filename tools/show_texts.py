"""What `tools/show_workflow.py` writes into a service: plans of the example domain are copied."""

COPIES = """paths:
  /api/v1/study-plans/{plan_id}/copies:
    post: {tags: [study plans], summary: Copy a plan}
"""
PATH = """  /api/v1/study-plans/{plan_id}/copies:
    parameters:
      - { $ref: '#/components/parameters/PlanId' }
    post:
      operationId: copy_study_plan
      tags: [study plans]
      summary: Copy a plan
      requestBody:
        required: true
        content:
          application/json:
            schema: { $ref: '#/components/schemas/StudyPlanCopy' }
      responses:
        "201":
          description: The copy.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/StudyPlanRead' }
        "409": { $ref: '#/components/responses/Conflict' }
"""
SCHEMA = """    StudyPlanCopy:
      description: What the copy is called.
      type: object
      additionalProperties: false
      required: [title]
      properties:
        title: { type: string, minLength: 1, maxLength: 200, pattern: '^[^\\x00-\\x1f\\x7f]+$' }
      examples:
        - { title: A second year }
"""
STUB_BODY = """    return await read(database.reader, owner_id=owner_id, plan_id=plan_id)  # copies nothing yet
"""
STUB = f'''async def copy(database: Database, *, owner_id: UUID, plan_id: UUID, title: str) -> Details:
    """Make a plan with the codes of another one of the same person.

    Raises:
        NotFound: no such plan, or somebody else's.
        Conflict: the person has a plan with this title.
    """
{STUB_BODY}

'''
BODY = """    plan = await read(database.reader, owner_id=owner_id, plan_id=plan_id)
    codes = [CodeCreate(code=each.code, label=each.label) for each in plan.codes]
    data = StudyPlanCreate(title=title, description=plan.description, codes=codes)
    return await create(database, owner_id=owner_id, data=data)
"""
RULES_TEST = """

async def test_copy_is_a_plan_of_its_own(session: AsyncSession, database: Database) -> None:
    owner = await _person(session)
    data = StudyPlanCreate(title="A", codes=[CodeCreate(code="A-1")])
    plan = await study_plans.create(database, owner_id=owner.id, data=data)

    copy = await study_plans.copy(database, owner_id=owner.id, plan_id=plan.id, title="B")

    assert copy.id != plan.id
    assert (copy.title, [code.code for code in copy.codes]) == ("B", ["A-1"])
"""
ROUTE_TEST = """

async def test_plan_is_copied(client: httpx2.AsyncClient) -> None:
    plan = await _make(client, codes=("A-1",))

    response = await client.post(f"{PLANS}/{plan['id']}/copies", json={"title": "B"})

    assert response.status_code == 201, response.text
    assert response.json()["codes"][0]["code"] == "A-1"
"""
ROUTE = '''

@router.post("/{plan_id}/copies", response_model=StudyPlanRead, status_code=201, responses=problems(*BODY_ERRORS, 404, 409))
async def copy_study_plan(plan_id: UUID, data: StudyPlanCopy, user: MayWrite, request: Request) -> study_plans.Details:
    """Copy a plan."""
    return await study_plans.copy(get_database(request), owner_id=user.id, plan_id=plan_id, title=data.title)
'''
PERMISSION = '    "POST /api/v1/study-plans/{plan_id}/copies": "plans:write",\n'
