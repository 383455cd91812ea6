"""Calling codes: which country a number belongs to; as much as a simulator needs.

Source: ITU-T E.164 assigned country codes, general knowledge; the first country of a shared code is taken.
"""

_CALLING_CODES = """
1 US 7 RU 20 EG 27 ZA 30 GR 31 NL 32 BE 33 FR 34 ES 36 HU 39 IT 40 RO 41 CH 43 AT 44 GB 45 DK 46 SE 47 NO 48
PL 49 DE 51 PE 52 MX 53 CU 54 AR 55 BR 56 CL 57 CO 58 VE 60 MY 61 AU 62 ID 63 PH 64 NZ 65 SG 66 TH 81 JP 82
KR 84 VN 86 CN 90 TR 91 IN 92 PK 93 AF 94 LK 95 MM 98 IR 211 SS 212 MA 213 DZ 216 TN 218 LY 220 GM 221 SN
222 MR 223 ML 224 GN 225 CI 226 BF 227 NE 228 TG 229 BJ 230 MU 231 LR 232 SL 233 GH 234 NG 235 TD 236 CF 237
CM 238 CV 239 ST 240 GQ 241 GA 242 CG 243 CD 244 AO 245 GW 248 SC 249 SD 250 RW 251 ET 252 SO 253 DJ 254 KE
255 TZ 256 UG 257 BI 258 MZ 260 ZM 261 MG 263 ZW 264 NA 265 MW 266 LS 267 BW 268 SZ 269 KM 291 ER 297 AW 298
FO 299 GL 350 GI 351 PT 352 LU 353 IE 354 IS 355 AL 356 MT 357 CY 358 FI 359 BG 370 LT 371 LV 372 EE 373 MD
374 AM 375 BY 376 AD 377 MC 378 SM 380 UA 381 RS 382 ME 383 XK 385 HR 386 SI 387 BA 389 MK 420 CZ 421 SK 423
LI 501 BZ 502 GT 503 SV 504 HN 505 NI 506 CR 507 PA 509 HT 590 GP 591 BO 592 GY 593 EC 595 PY 597 SR 598 UY
670 TL 673 BN 675 PG 679 FJ 685 WS 852 HK 853 MO 855 KH 856 LA 880 BD 886 TW 960 MV 961 LB 962 JO 963 SY 964
IQ 965 KW 966 SA 967 YE 968 OM 970 PS 971 AE 972 IL 973 BH 974 QA 975 BT 976 MN 977 NP 992 TJ 993 TM 994 AZ
995 GE 996 KG 998 UZ
"""
_WORDS = _CALLING_CODES.split()
_COUNTRY_OF = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_CODE_OF = {name: code for code, name in _COUNTRY_OF.items()}
_LONGEST_CODE = 3

# Area codes of +1 that are not in the United States: Canada, the Caribbean, and numbers without a place.
_NOT_US_CODES = """
204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 403 416 418 428 431 437 438 450 460 468 474 506
514 519 548 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902
905 942 242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876 500 521 522 533
544 566 577 588 600 700 800 833 844 855 866 877 888 900
"""
_NOT_US = frozenset(_NOT_US_CODES.split())

# The European Economic Area: where Meta keeps no limit of marketing messages per person.
EEA = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
    "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip


def calling_code(digits: str) -> str:
    """Tell the calling code of a number in digits, without plus; empty if none is known."""
    for length in range(1, _LONGEST_CODE + 1):
        if digits[:length] in _COUNTRY_OF:
            return digits[:length]
    return ""


def calling_code_of(iso_country: str) -> str:
    """Tell the calling code of a country; empty if none is known."""
    return _CODE_OF.get(iso_country, "")


def country(digits: str) -> str:
    """Tell the ISO country of a number in digits; `ZZ` if none is known."""
    code = calling_code(digits)
    if code == "1" and digits[1:4] in _NOT_US:
        return "CA"
    return _COUNTRY_OF.get(code, "ZZ")
