// The customer page: sends forms without leaving the page and shows changes as they happen.

const pickers = document.querySelector("#pickers");
const postForm = document.querySelector("#post-form");
const sources = new WeakMap(); // an element to the HTML it was made of
const lists = [...document.querySelectorAll("[data-source]")];

// Showing

async function refresh(element, address) {
  const answer = await fetch(address);
  const html = await answer.text();
  if (!answer.ok) return;
  const wasAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 40;
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  change(element, html);
  if (element.classList.contains("chat") && wasAtEnd) element.scrollTop = element.scrollHeight;
  if (focused && document.activeElement.id !== focused) document.getElementById(focused)?.focus();
}

// What stays the same is not touched, so that only news is read aloud and focus stays where it is.
function change(element, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html; // our own server's fragment, escaped there
  const known = new Map([...element.children].map((child) => [sources.get(child), child]));
  const next = [...fresh.content.children].map((child) => known.get(child.outerHTML) ?? child);
  for (const child of [...element.children]) if (!next.includes(child)) child.remove();
  let place = element.firstElementChild;
  for (const child of next) {
    if (child === place) {
      place = place.nextElementSibling;
      continue;
    }
    sources.set(child, child.outerHTML);
    tellTimes(child);
    element.insertBefore(child, place);
  }
}

// One round at a time; what changes meanwhile makes one more.
let refreshing = false;
let stale = false;

async function refreshAll() {
  stale = true;
  if (refreshing) return;
  refreshing = true;
  try {
    while (stale) {
      stale = false;
      const scene = new URLSearchParams(new FormData(pickers));
      const rounds = lists.map((list) => refresh(list, `${list.dataset.source}?${scene}`));
      await Promise.all([...rounds, refresh(document.querySelector("#chatty"), "/page/chatty")]);
    }
  } finally {
    refreshing = false;
  }
}

function tellTimes(within) {
  const today = new Date().toDateString();
  for (const time of within.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const form = at.toDateString() === today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    time.textContent = new Intl.DateTimeFormat(undefined, form).format(at);
  }
}

// Writing

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const problem = form.querySelector(".problem");
  const answer = await fetch(form.action, { method: "POST", body });
  if (problem) {
    problem.hidden = answer.ok;
    problem.textContent = answer.ok ? "" : await answer.text();
  }
  return answer;
}

async function sendWords(form, submitter) {
  const button = form.querySelector("button.primary");
  const words = form.elements.text;
  button.disabled = true;
  try {
    const answer = await send(form, submitter);
    if (answer.ok) {
      if (form === postForm) stopReplying();
      if (form.closest("li.post")) return refreshAll(); // an edited post comes back as a new one
      words.value = words.dataset.opening;
      words.focus();
      refreshAll();
    }
  } finally {
    button.disabled = false;
  }
}

// Replying

function startReplying(button) {
  postForm.elements.in_reply_to.value = button.dataset.replyTo;
  const answering = postForm.querySelector(".answering");
  answering.querySelector("b").textContent = `@${button.dataset.replyName}`;
  answering.hidden = false;
  const words = postForm.elements.text;
  if (words.value === words.dataset.opening) words.value = "";
  words.focus();
}

function stopReplying() {
  postForm.elements.in_reply_to.value = "";
  postForm.querySelector(".answering").hidden = true;
  const words = postForm.elements.text;
  if (!words.value) words.value = words.dataset.opening;
}

// Wiring

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  if (form.classList.contains("composer")) return sendWords(form, event.submitter);
  const answer = await send(form, event.submitter);
  if (form.id === "chatty" || form.classList.contains("own")) return refreshAll();
  if (answer.ok) location.assign(answer.url);
});

document.addEventListener("click", (event) => {
  const reply = event.target.closest("[data-reply-to]");
  if (reply) startReplying(reply);
  if (event.target.closest("[data-stop-reply]")) stopReplying();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form?.requestSubmit();
});

pickers.addEventListener("change", () => pickers.requestSubmit());

for (const list of [...lists, document.querySelector("#chatty")]) {
  for (const child of list.children) sources.set(child, child.outerHTML);
}
tellTimes(document);
for (const list of lists) if (list.classList.contains("chat")) list.scrollTop = list.scrollHeight;
const stream = new EventSource("/page/changes");
stream.addEventListener("changed", refreshAll);
stream.addEventListener("open", refreshAll);
