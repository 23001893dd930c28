// A file as the body of a request, with how far it is: fetch tells nothing of what is on its way.
import { headers } from "lib/headers"

const LOST = "The file did not arrive. Check your connection, then attach it again."

// `{ status, text, place }`: 0 when nobody answered. `text` is the answer, or why there is none, `place`
// the address of what was made. A request that was aborted is answered with nothing.
export function sendFile(address, file, { progress, signal }) {
  return new Promise((answered) => {
    const request = new XMLHttpRequest()
    request.upload.onprogress = ({ loaded, total }) => progress(total ? Math.floor((loaded / total) * 100) : 0)
    request.onload = () => answered({ status: request.status, text: words(request), place: request.getResponseHeader("Location") })
    request.onerror = () => answered({ status: 0, text: LOST })
    request.onabort = () => answered({ status: 0, text: "" })
    signal.addEventListener("abort", () => request.abort())
    request.open("POST", address)
    request.setRequestHeader("Content-Type", "application/octet-stream")
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name))
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value)
    request.send(file)
  })
}

// The server's own sentence, where it has one for people.
function words(request) {
  const isSentence = request.getResponseHeader("Content-Type")?.startsWith("text/plain")
  return request.status === 201 || isSentence ? request.responseText : LOST
}
