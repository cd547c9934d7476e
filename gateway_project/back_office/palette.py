"""The back office's own colours: petrol on a cool grey, told apart from every status colour.

Lightness is chosen for contrast: 600 carries white text and stands on white, 500 stands on the dark
grounds, and the grey 500 is still read on the grey 100 (4.5:1 each).
"""

from collections.abc import Mapping

PRIMARY: Mapping[str, str] = {
    "50": "oklch(97.8% .012 205)",
    "100": "oklch(94.8% .03 205)",
    "200": "oklch(89.5% .055 206)",
    "300": "oklch(81.5% .085 208)",
    "400": "oklch(73% .108 210)",
    "500": "oklch(66% .108 213)",
    "600": "oklch(50.5% .092 216)",
    "700": "oklch(44% .08 218)",
    "800": "oklch(37.5% .066 220)",
    "900": "oklch(31.5% .053 222)",
    "950": "oklch(23.5% .04 224)",
}
BASE: Mapping[str, str] = {
    "50": "oklch(98.5% .002 230)",
    "100": "oklch(96.7% .003 230)",
    "200": "oklch(92.8% .007 230)",
    "300": "oklch(87.2% .011 230)",
    "400": "oklch(70.7% .02 232)",
    "500": "oklch(54% .025 234)",
    "600": "oklch(44.6% .028 236)",
    "700": "oklch(37.3% .03 238)",
    "800": "oklch(27.8% .03 240)",
    "900": "oklch(21% .028 242)",
    "950": "oklch(13.5% .024 244)",
}
COLORS = {"base": BASE, "primary": PRIMARY}
