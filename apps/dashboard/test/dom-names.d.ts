/** What Playwright's declarations name of a browser; its other types are not for code that runs in Node. */
interface Node {}
interface HTMLElement {}
interface SVGElement {}
interface HTMLElementTagNameMap {}
