"""Pages of people: signing in, oneself, colleagues, teams, the way in for new people."""

from __future__ import annotations

from django.urls import path

from accounts.views import (
    invitations,
    mailbox,
    memberships,
    passwords,
    people,
    profile,
    set_up,
    sign_in,
    teams,
)

app_name = "accounts"

urlpatterns = [
    # The door
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("set-up/<str:token>/", set_up.set_up, name="set-up"),
    path("password/", passwords.forgotten, name="forgotten-password"),
    path("password/asked/", passwords.asked, name="asked-password"),
    path("password/<int:pk>/<str:token>/", passwords.reset, name="reset-password"),
    path("invitations/<int:pk>/<str:token>/", invitations.accept, name="accept-invitation"),
    # Oneself
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.password, name="profile-password"),
    path("profile/sessions/", profile.other_sessions, name="profile-sessions"),
    # Colleagues
    path("people/", people.people, name="people"),
    path("people/invite/", invitations.invite, name="invite"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/disable/", people.disable, name="person-disable"),
    path("people/<int:pk>/enable/", people.enable, name="person-enable"),
    path("people/<int:pk>/link/", people.send_link, name="person-link"),
    path("people/<int:pk>/memberships/", memberships.add, name="membership-add"),
    path("memberships/<int:pk>/role/", memberships.change_role, name="membership-role"),
    path("memberships/<int:pk>/removal/", memberships.remove, name="membership-removal"),
    # Teams
    path("teams/", teams.teams, name="teams"),
    path("teams/<int:pk>/", teams.team, name="team"),
    path("teams/<int:pk>/removal/", teams.remove, name="team-removal"),
    # The owner's file mailbox, in development
    path("mailbox/", mailbox.mailbox, name="mailbox"),
]
