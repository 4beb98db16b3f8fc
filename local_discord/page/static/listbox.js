/**
 * A list of offers beside an input, as ARIA's combobox pattern has it: arrows move, Enter and Tab
 * take, Escape closes; focus stays in the input.
 */

/**
 * @typedef {object} Offer
 * @property {string} label What people read.
 * @property {unknown} [value] What is sent.
 * @property {string} [description]
 */

const ROOM_PX = 200;
let made = 0;

export class Listbox {
  /**
   * @param {HTMLInputElement | HTMLTextAreaElement} input
   * @param {HTMLElement} place Where the list is put.
   * @param {string} name What the list is called.
   * @param {(offer: Offer, key: string) => void} take Called with what was taken, and by which key.
   */
  constructor(input, place, name, take) {
    this.input = input;
    this.take = take;
    /** @type {Offer[]} */
    this.offers = [];
    this.active = -1;
    this.turn = 0;
    this.list = document.createElement("ul");
    this.list.id = `offers-${++made}`;
    this.list.className = "offers";
    this.list.role = "listbox";
    this.list.ariaLabel = name;
    this.list.hidden = true;
    place.append(this.list);
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.autocomplete = "off";
    if (input instanceof HTMLInputElement) {
      input.role = "combobox";
      input.ariaExpanded = "false";
    }
    input.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)), true);
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[role=option]");
      if (row) this.#taken([...this.list.children].indexOf(row), "click");
    });
  }

  /** What may have moved the input moves the list along. */
  #moved = (/** @type {Event} */ event) => event.target !== this.list && this.#place();

  get isOpen() {
    return !this.list.hidden;
  }

  /** Begin to look for offers; `answer` takes the number. */
  ask() {
    return ++this.turn;
  }

  /**
   * Show what was found, unless more was asked, the list closed or the focus left meanwhile.
   * @param {number} turn
   * @param {Offer[]} offers
   * @param {number} [first]
   */
  answer(turn, offers, first = 0) {
    if (turn === this.turn && document.activeElement === this.input) this.show(offers, first);
  }

  /**
   * @param {Offer[]} offers Those to show; with none the list closes.
   * @param {number} [first] The one that is taken next.
   */
  show(offers, first = 0) {
    this.close();
    this.offers = offers;
    this.list.replaceChildren(...offers.map((offer, index) => this.#row(offer, index)));
    if (!offers.length) return;
    this.list.hidden = false;
    addEventListener("resize", this.#moved);
    addEventListener("scroll", this.#moved, true);
    this.#place();
    this.#expanded();
    this.#move(Math.max(0, first));
  }

  close() {
    this.turn += 1;
    if (this.list.hidden) return;
    this.list.hidden = true;
    removeEventListener("resize", this.#moved);
    removeEventListener("scroll", this.#moved, true);
    this.#expanded();
    this.#move(-1);
  }

  /** Below the input, or above where there is more room; what scrolls does not cut it off. */
  #place() {
    const box = this.input.getBoundingClientRect();
    const [above, below] = [box.top - 8, innerHeight - box.bottom - 8];
    const isAbove = below < ROOM_PX && above > below;
    Object.assign(this.list.style, {
      left: `${box.left}px`,
      width: `${box.width}px`,
      maxHeight: `${Math.max(80, Math.min(320, isAbove ? above : below))}px`,
      top: isAbove ? "auto" : `${box.bottom + 2}px`,
      bottom: isAbove ? `${innerHeight - box.top + 2}px` : "auto",
    });
  }

  #expanded() {
    if (this.input.role === "combobox") this.input.ariaExpanded = String(this.isOpen);
  }

  /**
   * @param {Offer} offer
   * @param {number} index
   */
  #row(offer, index) {
    const row = document.createElement("li");
    row.id = `${this.list.id}-${index}`;
    row.role = "option";
    row.ariaSelected = "false";
    const label = document.createElement("b");
    label.textContent = offer.label;
    row.append(label);
    if (offer.description) {
      const words = document.createElement("small");
      words.textContent = offer.description;
      row.append(" ", words);
    }
    return row;
  }

  /** @param {number} index The row that is taken next. */
  #move(index) {
    const rows = this.list.children;
    if (rows[this.active]) rows[this.active].ariaSelected = "false";
    this.active = index;
    const row = rows[index];
    if (!row || this.list.hidden) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    row.ariaSelected = "true";
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.isOpen || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const count = this.offers.length;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in steps) {
      const to = this.active + steps[/** @type {keyof typeof steps} */ (event.key)];
      const isPage = event.key.startsWith("Page");
      this.#move(isPage ? Math.min(count - 1, Math.max(0, to)) : (to + count) % count);
    } else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) {
      this.#taken(this.active, event.key);
    } else if (event.key === "Escape") {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /**
   * @param {number} index
   * @param {string} key
   */
  #taken(index, key) {
    const offer = this.offers[index];
    this.close();
    if (offer) this.take(offer, key);
  }
}
