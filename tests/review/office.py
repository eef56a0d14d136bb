"""Opens, edits and saves sheets in LibreOffice as a person does: cells typed into, under a locale."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

#: Names of LibreOffice's filters; for CSV: separator 59 is ";", quote 34, charset 76 UTF-8, cells as shown.
FILTERS = {
    "csv": ("Text - txt - csv (StarCalc)", "59,34,76,1,,0,false,true,false"),
    "xlsx": ("Calc MS Excel 2007 XML", ""),
    "ods": ("calc8", ""),
}
#: Typed with FormulaLocal: as by hand, so that the locale decides what is a number, a day or a truth value.
MACRO = """
Function Props(filter, options)
  Dim made(2) As New com.sun.star.beans.PropertyValue
  made(0).Name = "Hidden" : made(0).Value = True
  made(1).Name = "FilterName" : made(1).Value = filter
  made(2).Name = "FilterOptions" : made(2).Value = options
  Props = made()
End Function

Function ColumnOf(sheet, header)
  Dim place
  For place = 0 To 60
    If sheet.getCellByPosition(place, 0).String = header Then
      ColumnOf = place
      Exit Function
    End If
  Next
  ColumnOf = -1
End Function

Sub Put(sheet, header, row, typed)
  sheet.getCellByPosition(ColumnOf(sheet, header), row).FormulaLocal = typed
End Sub

Sub Work()
  Dim doc, sheet
%s
  Open "%s" For Output As #1
  Print #1, "done"
  Close #1
End Sub
"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Netra"
 script:language="StarBasic">
%s</script:module>
"""
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"
 library:readonly="false" library:passwordprotected="false"><library:element library:name="Netra"/>
</library:library>
"""
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>%s</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


@dataclass(frozen=True)
class Job:
    """One sheet to open, type into (header, row from 0, what is typed) and save."""

    source: Path
    target: Path
    typed: tuple[tuple[str, int, str], ...]


def edit(jobs: list[Job], *, locale: str, profile: Path) -> None:
    """Do all jobs in one run of LibreOffice under a locale ("id-ID"); raises when it does not get through."""
    done = profile / f"done-{locale}.txt"
    user = profile / "user"
    settings = user / "registrymodifications.xcu"
    if not user.exists():
        user.mkdir(parents=True)
        settings.write_text(SETTINGS % locale)
        # The first start puts LibreOffice's own macros in the place of ours.
        _start(profile, "--terminate_after_init")
    told = re.sub(r'(ooSetupSystemLocale"[^>]*>\s*<value>)[^<]*', rf"\g<1>{locale}", settings.read_text())
    settings.write_text(told)
    (user / "basic" / "Standard" / "script.xlb").write_text(LIBRARY)
    lines = [line for job in jobs for line in _statements(job)]
    macro = MACRO % ("\n".join(f"  {line}" for line in lines), done)
    (user / "basic" / "Standard" / "Netra.xba").write_text(MODULE % escape(macro))
    _start(profile, "macro:///Standard.Netra.Work")
    assert done.is_file(), "the macro did not get to its end"


def _start(profile: Path, what: str) -> None:
    command = ["soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{profile}", what]
    subprocess.run(command, check=True, capture_output=True, timeout=240)


def _statements(job: Job) -> list[str]:
    opens, options = FILTERS[job.source.suffix[1:]]
    # What the import dialogue of a CSV starts with: no text for quoted fields, no special numbers.
    options = "59,34,76,1,,0,false,false" if options else ""
    saves, how = FILTERS[job.target.suffix[1:]]
    return [
        f"doc = StarDesktop.loadComponentFromURL({_text(job.source.as_uri())}, "
        f'"_blank", 0, Props({_text(opens)}, {_text(options)}))',
        "sheet = doc.Sheets(0)",
        *(f"Put(sheet, {_text(header)}, {row}, {_text(typed)})" for header, row, typed in job.typed),
        f"doc.storeToURL({_text(job.target.as_uri())}, Props({_text(saves)}, {_text(how)}))",
        "doc.close(True)",
    ]


def _text(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
