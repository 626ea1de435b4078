/** Numbers of payment cards by issuer: first digits and lengths. https://en.wikipedia.org/wiki/Payment_card_number */
const CARD = new RegExp(
  "^(?:4\\d{12}(?:\\d{3}){0,2}|5[1-5]\\d{14}|222[1-9]\\d{12}|22[3-9]\\d{13}|2[3-6]\\d{14}|" +
    "27[01]\\d{13}|2720\\d{12}|3[47]\\d{13}|3(?:0[0-5]|[68]\\d)\\d{11}|35(?:2[89]|[3-8]\\d)\\d{12}|" +
    "6(?:011|4[4-9]\\d|5\\d\\d)\\d{12}|62\\d{14,17})$",
);

/** Whether the digits are the number of a payment card, with a valid check digit (Luhn). */
export function isCardNumber(digits: string): boolean {
  return CARD.test(digits) && luhnSum(digits) % 10 === 0;
}

function luhnSum(digits: string): number {
  let sum = 0;
  for (let fromEnd = 0; fromEnd < digits.length; fromEnd++) {
    const digit = digits.charCodeAt(digits.length - 1 - fromEnd) - 48;
    const doubled = fromEnd % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum;
}

/** Lengths of IBANs by country. https://www.swift.com/resource/iban-registry-pdf */
const IBAN_LENGTHS =
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 " +
  "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 " +
  "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 " +
  "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 " +
  "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

const ibanLengths: ReadonlyMap<string, number> = new Map(
  IBAN_LENGTHS.split(" ").map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Returns the length of the IBANs of a country, without spaces; undefined for no country with IBANs. */
export function ibanLength(country: string): number | undefined {
  return ibanLengths.get(country);
}

/** Whether the check digits of an IBAN without spaces are valid (ISO 7064, modulo 97). */
export function isIban(text: string): boolean {
  let remainder = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36);
    if (Number.isNaN(value)) return false;
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
