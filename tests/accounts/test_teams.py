from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from accounts.actions import teams
from accounts.models import Team
from tests.factories import make_conversation, make_team


def test_an_admin_creates_a_team(client, sign_in, ada, acme):
    response = sign_in(client, ada).post("/teams/", {"brand": acme.pk, "name": " Night  shift"})
    team = Team.objects.get()
    assert (team.name, team.brand) == ("Night shift", acme)
    assert response["Location"] == f"/teams/{team.pk}/"


def test_a_name_is_taken_once_per_handle_whatever_its_case(client, sign_in, olga, acme, globex):
    make_team(acme, "Front line")
    sign_in(client, olga)
    again = client.post("/teams/", {"brand": acme.pk, "name": "FRONT line"})
    assert again.status_code == 422
    assert "team of that name already" in again.content.decode()
    assert client.post("/teams/", {"brand": globex.pk, "name": "Front line"}).status_code == 302


def test_it_renames_and_sets_the_people(client, sign_in, ada, acme, ana, ben):
    team = make_team(acme, members=(ana,))
    sign_in(client, ada).post(f"/teams/{team.pk}/", {"name": "Back office", "members": [ben.pk]})
    team.refresh_from_db()
    assert team.name == "Back office"
    assert list(team.members.all()) == [ben]


def test_it_keeps_disabled_people_and_says_so(client, sign_in, ada, acme, ana):
    team = make_team(acme, members=(ana,))
    ana.is_active = False
    ana.save()
    body = sign_in(client, ada).get(f"/teams/{team.pk}/").content.decode()
    assert "Ana Agent (disabled)" in body


def test_people_of_other_handles_cannot_be_in_it(client, sign_in, ada, acme, zoe):
    team = make_team(acme)
    response = sign_in(client, ada).post(
        f"/teams/{team.pk}/", {"name": team.name, "members": [zoe.pk]}
    )
    assert response.status_code == 422
    with pytest.raises(teams.NotOfTheBrand):
        teams.change_team(team, name="X", members=[zoe], by=ada)
    assert not team.members.exists()


def test_a_name_that_is_taken_changes_nothing_of_the_team(client, sign_in, ada, acme, ana):
    make_team(acme, "Front line")
    team = make_team(acme, "Back office")
    response = sign_in(client, ada).post(
        f"/teams/{team.pk}/", {"name": "front line", "members": [ana.pk]}
    )
    assert response.status_code == 422
    team.refresh_from_db()
    assert team.name == "Back office"
    assert not team.members.exists()


def test_deleting_it_keeps_people_and_conversations(client, sign_in, ada, acme, ana):
    team = make_team(acme, members=(ana,))
    conversation = make_conversation(acme, team=team)
    assert sign_in(client, ada).post(f"/teams/{team.pk}/removal/")["Location"] == "/teams/"
    conversation.refresh_from_db()
    assert conversation.team is None
    assert ana.memberships.exists()


def test_an_admin_sees_the_teams_of_their_handles_alone(client, sign_in, ada, acme, globex):
    make_team(acme, "Ours")
    make_team(globex, "Theirs")
    body = sign_in(client, ada).get("/teams/").content.decode()
    assert "Ours" in body
    assert "Theirs" not in body


@pytest.mark.parametrize("who", ["ana", "sam", "nia"])
def test_others_are_refused_by_the_deed_itself(request, acme, who):
    person, team = request.getfixturevalue(who), make_team(acme)
    for deed in (
        lambda: teams.create_team(acme, name="X", by=person),
        lambda: teams.change_team(team, name="X", members=[], by=person),
        lambda: teams.delete_team(team, by=person),
    ):
        with pytest.raises(PermissionDenied):
            deed()
    assert [team.name for team in Team.objects.all()] == ["Front line"]


def test_without_a_handle_it_says_what_to_do_first(client, sign_in, olga):
    sign_in(client, olga)
    for page in ("/teams/", "/people/invite/"):
        assert "Connect a handle first" in client.get(page).content.decode()
