import assert from "node:assert/strict";
import {
  parseMailAddress,
  renderMail,
  renderTextMail,
} from "../../../src/cli/mail/mail-message.ts";
import { contentOf, parseMail } from "../../operations/receivers/mail.ts";

const addresses: readonly (readonly [text: string, expected: object | undefined])[] = [
  ["team@shop.example", { name: undefined, address: "team@shop.example" }],
  [" Team <team@shop.example> ", { name: "Team", address: "team@shop.example" }],
  ['"Team, Bern" <team+a@shop.example>', { name: "Team, Bern", address: "team+a@shop.example" }],
  ["<team@shop.example>", { name: undefined, address: "team@shop.example" }],
  ["team", undefined],
  ["", undefined],
  ["team@", undefined],
  ["a b@shop.example", undefined],
  ["team@shop.example\r\nBcc: all@shop.example", undefined],
  ["Team\r\nBcc: x <team@shop.example>", undefined],
  ["tëam@shop.example", undefined],
];

const mail = {
  from: { name: 'Größe "A"', address: "reports@shop.example" },
  to: [{ name: undefined, address: "team@shop.example" }],
  date: new Date("2026-03-16T09:00:00Z"),
  attachment: { name: "report.html", html: "<p>page</p>" },
};

describe("An e-mail", () => {
  for (const [text, expected] of addresses)
    it(`goes to ${JSON.stringify(text)}: ${expected !== undefined}`, () =>
      assert.deepEqual(parseMailAddress(text), expected));

  it("has any text in its subject and bodies, in lines of ASCII", () => {
    const subject = `Wöchentlich: ${"größer als je zuvor, ".repeat(10)}\r\nBcc: x@y.example 😀`;
    const text = `.\n. a dot\nÖ 😀\n${"x".repeat(3000)}`;
    const source = renderMail({ ...mail, subject, text, html: `<p>${text}</p>` });
    for (const line of source.split("\r\n"))
      assert.ok(/^(?!\.)[\x20-\x7e]{0,200}$/.test(line), JSON.stringify(line));
    const parsed = parseMail(source);
    assert.equal(parsed.headers.get("subject"), subject.replace("\r\n", " "));
    assert.equal(parsed.headers.get("bcc"), undefined);
    assert.equal(parsed.headers.get("from"), 'Größe "A" <reports@shop.example>');
    assert.equal(parsed.headers.get("date"), "Mon, 16 Mar 2026 09:00:00 +0000");
    assert.match(parsed.headers.get("message-id") ?? "", /^<[\w-]+@shop\.example>$/);
    assert.equal(contentOf(parsed, "text/plain"), text);
    assert.deepEqual(
      parsed.parts.map(({ content }) => content),
      [text, `<p>${text}</p>`, "<p>page</p>"],
    );
  });

  it("quotes a name with a comma", () => {
    const to = [{ name: 'Team, "B"', address: "team@shop.example" }];
    const source = renderMail({ ...mail, to, subject: "a", text: "", html: "" });
    assert.match(source, /^To: "Team, \\"B\\"" <team@shop\.example>\r$/m);
  });

  it("is a text without parts", () => {
    const { from, to, date } = mail;
    const text = `.\nÖ 😀\n${"x".repeat(3000)}`;
    const source = renderTextMail({ from, to, date, subject: "down\r\nBcc: x@y.example", text });
    for (const line of source.split("\r\n"))
      assert.ok(/^(?!\.)[\x20-\x7e]{0,200}$/.test(line), line);
    const parsed = parseMail(source);
    assert.equal(parsed.headers.get("subject"), "down Bcc: x@y.example");
    assert.deepEqual(parsed.parts, [{ type: "text/plain", content: text }]);
  });
});
