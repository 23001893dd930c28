from accounts.models.brand_account import BrandAccount
from accounts.models.brand_event import BrandEvent
from accounts.models.letter import Letter
from accounts.models.membership import Membership, Role
from accounts.models.team import Team
from accounts.models.user import User

__all__ = ["BrandAccount", "BrandEvent", "Letter", "Membership", "Role", "Team", "User"]
