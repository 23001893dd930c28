// Opens a <dialog> by its id; a click on the backdrop closes it.
import { Controller } from "stimulus"

export default class extends Controller {
  connect() {
    document.addEventListener("click", this.closeFromBackdrop)
  }

  disconnect() {
    document.removeEventListener("click", this.closeFromBackdrop)
  }

  open({ params }) {
    const dialog = document.getElementById(params.id)
    if (dialog && !dialog.open) dialog.showModal()
  }

  close({ currentTarget }) {
    currentTarget.closest("dialog").close()
  }

  closeFromBackdrop = ({ target }) => {
    if (target instanceof HTMLDialogElement && target.open) target.close()
  }
}
