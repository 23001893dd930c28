// Starts htmx and Stimulus. One controller is one behaviour; its file has its name.
import { Application } from "stimulus"
import "lib/htmx_setup"

import ChainController from "controllers/chain"
import ComposerController from "controllers/composer"
import CounterController from "controllers/counter"
import DeskController from "controllers/desk"
import DialogController from "controllers/dialog"
import DraftController from "controllers/draft"
import DraftSyncController from "controllers/draft_sync"
import EnclosuresController from "controllers/enclosures"
import FailuresController from "controllers/failures"
import FocusController from "controllers/focus"
import FreshnessController from "controllers/freshness"
import HeldFocusController from "controllers/held_focus"
import LiveStateController from "controllers/live_state"
import MenuController from "controllers/menu"
import NarrowingController from "controllers/narrowing"
import OfferController from "controllers/offer"
import PanesController from "controllers/panes"
import RefusalsController from "controllers/refusals"
import RelativeTimeController from "controllers/relative_time"
import RewordingController from "controllers/rewording"
import RowsController from "controllers/rows"
import SavedRepliesController from "controllers/saved_replies"
import SearchController from "controllers/search"
import ShortcutsController from "controllers/shortcuts"
import TakenBackController from "controllers/taken_back"
import ThemeController from "controllers/theme"
import TimelineController from "controllers/timeline"
import ToastController from "controllers/toast"
import ToastsController from "controllers/toasts"
import UndoController from "controllers/undo"
import ViewerController from "controllers/viewer"
import WaitingController from "controllers/waiting"

const application = Application.start()

application.register("chain", ChainController)
application.register("composer", ComposerController)
application.register("counter", CounterController)
application.register("desk", DeskController)
application.register("dialog", DialogController)
application.register("draft", DraftController)
application.register("draft-sync", DraftSyncController)
application.register("enclosures", EnclosuresController)
application.register("failures", FailuresController)
application.register("focus", FocusController)
application.register("freshness", FreshnessController)
application.register("held-focus", HeldFocusController)
application.register("live-state", LiveStateController)
application.register("menu", MenuController)
application.register("narrowing", NarrowingController)
application.register("offer", OfferController)
application.register("panes", PanesController)
application.register("refusals", RefusalsController)
application.register("relative-time", RelativeTimeController)
application.register("rewording", RewordingController)
application.register("rows", RowsController)
application.register("saved-replies", SavedRepliesController)
application.register("search", SearchController)
application.register("shortcuts", ShortcutsController)
application.register("taken-back", TakenBackController)
application.register("theme", ThemeController)
application.register("timeline", TimelineController)
application.register("toast", ToastController)
application.register("toasts", ToastsController)
application.register("undo", UndoController)
application.register("viewer", ViewerController)
application.register("waiting", WaitingController)
