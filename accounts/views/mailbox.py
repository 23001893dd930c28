"""The owner reads what `./run` would have mailed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import mailbox as box
from accounts.requests import SignedInRequest


@require_safe
@login_required
def mailbox(request: SignedInRequest) -> HttpResponse:
    if not box.is_file_based():
        raise Http404
    if not request.user.is_superuser:
        raise PermissionDenied("Only the owner reads the mailbox.")
    return render(request, "accounts/mailbox.html", {"mails": box.newest_mails()})
