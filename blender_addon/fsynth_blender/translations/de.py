# SPDX-License-Identifier: GPL-3.0-or-later
"""German."""

TEXTS: dict[str, str] = {
    # Panels
    "Photo to Avatar": "Vom Foto zum Avatar",
    "Options": "Optionen",
    "Avatar": "Avatar",
    "Identity": "Identität",
    "Expression": "Ausdruck",
    "Shape": "Form",
    # Buttons, and what they do
    "Create Avatar": "Avatar erstellen",
    "Make a 3D head of the person in the photo": "Aus der Person auf dem Foto einen 3D-Kopf machen",
    "Make a 3D head of the person in the photo that was dropped": (
        "Aus der Person auf dem abgelegten Foto einen 3D-Kopf machen"
    ),
    "Cancel": "Abbrechen",
    "Stop, and leave the scene as it was": "Anhalten und die Szene lassen, wie sie war",
    "Refit": "Neu anpassen",
    "Fit the avatar to its photo again, by the options above. Places, names, materials and animation stay": (
        "Den Avatar mit den Optionen oben neu an sein Foto anpassen. Ort, Namen, Materialien und Animation bleiben"
    ),
    "Replace Photo": "Foto ersetzen",
    "Make the avatar from the photo chosen above instead. Places, names, materials and animation stay": (
        "Den Avatar stattdessen aus dem oben gewählten Foto machen. Ort, Namen, Materialien und Animation bleiben"
    ),
    "Export glTF": "glTF exportieren",
    "Write the selected avatar into a .glb file, with textures, shape keys and bones": (
        "Den ausgewählten Avatar in eine .glb-Datei schreiben, mit Texturen, Shape-Keys und Knochen"
    ),
    "Set Expression": "Ausdruck setzen",
    "Set the avatar's shape keys; those of other expressions go back to 0": (
        "Die Shape-Keys des Avatars setzen; die anderer Ausdrücke gehen auf 0 zurück"
    ),
    "Add Model": "Modell hinzufügen",
    "Add a head model: Basel (.mat, .h5), FLAME (.pkl), ICT-FaceKit (.obj), or a file of fsynth's (.npz)": (
        "Ein Kopfmodell hinzufügen: Basel (.mat, .h5), FLAME (.pkl), ICT-FaceKit (.obj) oder eine Datei von fsynth "
        "(.npz)"
    ),
    "Check": "Prüfen",
    "Find out what of fsynth works on this computer, and what to do about the rest": (
        "Herausfinden, was von fsynth auf diesem Rechner geht, und was gegen den Rest zu tun ist"
    ),
    "Whose avatar?": "Wessen Avatar?",
    "Person": "Person",
    # Options
    "Photo": "Foto",
    "A photo of a person, best from the front and with nothing before the face": (
        "Ein Foto einer Person, am besten von vorn und mit nichts vor dem Gesicht"
    ),
    "Face": "Gesicht",
    "Which face of a photo of several people: 0 is the largest, -1 asks": (
        "Welches Gesicht auf einem Foto von mehreren Personen: 0 ist das größte, -1 fragt nach"
    ),
    "Model": "Modell",
    "Name or file of the head model; empty for the one chosen in the preferences": (
        "Name oder Datei des Kopfmodells; leer für das in den Einstellungen gewählte"
    ),
    "Texture": "Textur",
    "Width and height of the texture. Each step takes four times the time and memory": (
        "Breite und Höhe der Textur. Jede Stufe braucht viermal so viel Zeit und Speicher"
    ),
    "Width and height of the texture": "Breite und Höhe der Textur",
    "512 px": "512 px",
    "1024 px": "1024 px",
    "2048 px": "2048 px",
    "Shape Keys": "Shape-Keys",
    "Which expressions the avatar can make": "Welche Gesichtsausdrücke der Avatar machen kann",
    "ARKit": "ARKit",
    "The 52 expressions of ARKit, under their names": "Die 52 Ausdrücke von ARKit unter ihren Namen",
    "None": "Keine",
    "No shape keys: a smaller file": "Keine Shape-Keys: eine kleinere Datei",
    "Material": "Material",
    "What the materials are made for": "Wofür die Materialien gemacht sind",
    "Realistic": "Realistisch",
    "Skin with subsurface scattering, and clear corneas": (
        "Haut mit Streuung unter der Oberfläche und klare Hornhäute"
    ),
    "For Export": "Für den Export",
    "Plain materials that game engines and browsers show as Blender does": (
        "Schlichte Materialien, die Spiele-Engines und Browser so zeigen wie Blender"
    ),
    "Hair": "Haare",
    "Where the colour of the hair comes from": "Woher die Farbe der Haare kommt",
    "As in the Photo": "Wie auf dem Foto",
    "Hair in the colour that the photo shows": "Haare in der Farbe, die das Foto zeigt",
    "Own Colour": "Eigene Farbe",
    "Hair in a colour of your choice": "Haare in einer Farbe nach Wahl",
    "Hair Tint": "Haarfarbe",
    "Colour of the hair": "Farbe der Haare",
    "Detail of the Photo": "Details des Fotos",
    "Take shape and detail of the skin from the photo itself: more like the person on a good portrait from the front, "
    "and with whatever covers the face": (
        "Form und Einzelheiten der Haut vom Foto selbst nehmen: bei einem guten Porträt von vorn ähnlicher, und mit "
        "allem, was das Gesicht verdeckt"
    ),
    "Armature": "Armature",
    "Add bones for neck, head, jaw and eyes": "Knochen für Hals, Kopf, Kiefer und Augen hinzufügen",
    "Replace": "Ersetzen",
    "Replace a model of the same name": "Ein Modell desselben Namens ersetzen",
    # Sliders
    "Likeness": "Ähnlichkeit",
    "How much of what sets the person apart: 0 is the mean head, 1 the person, more is a caricature": (
        "Wie viel von dem, was die Person ausmacht: 0 ist der mittlere Kopf, 1 die Person, mehr eine Karikatur"
    ),
    "Added to the coefficients of the head's shape, in standard deviations; the first matter most": (
        "Kommt zu den Koeffizienten der Kopfform hinzu, in Standardabweichungen; die ersten bewirken am meisten"
    ),
    # Expressions
    "Neutral": "Neutral",
    "All shape keys at 0": "Alle Shape-Keys auf 0",
    "Smile": "Lächeln",
    "The corners of the mouth up, the cheeks raised": "Mundwinkel hoch, Wangen gehoben",
    "Frown": "Stirnrunzeln",
    "The corners of the mouth and the brows down": "Mundwinkel und Brauen nach unten",
    "Blink": "Augen zu",
    "Both eyes closed": "Beide Augen geschlossen",
    "Surprise": "Erstaunen",
    "Brows up and eyes wide": "Brauen hoch und Augen weit offen",
    "Kiss": "Kussmund",
    "Lips pursed": "Gespitzte Lippen",
    # Preferences
    "Default Model": "Standardmodell",
    "Name or file of the head model that avatars are made with": (
        "Name oder Datei des Kopfmodells, mit dem Avatare gemacht werden"
    ),
    "Device": "Gerät",
    "What runs the neural networks. GPUs need a build of ONNX Runtime that knows them: press Check": (
        "Worauf die neuronalen Netze laufen. Für GPUs muss ONNX Runtime sie kennen: drücke Prüfen"
    ),
    "CPU": "CPU",
    "Works everywhere": "Geht überall",
    "GPU (DirectML)": "GPU (DirectML)",
    "Any graphics card under Windows": "Jede Grafikkarte unter Windows",
    "GPU (CUDA)": "GPU (CUDA)",
    "NVIDIA's cards": "Karten von NVIDIA",
    "GPU (Core ML)": "GPU (Core ML)",
    "Apple's processors": "Prozessoren von Apple",
    # The lines of Check
    "ONNX Runtime": "ONNX Runtime",
    "Pillow": "Pillow",
    "fsynth": "fsynth",
    "Networks": "Netze",
    "Head model": "Kopfmodell",
    "Temporary files": "Temporäre Dateien",
    "Example": "Beispiel",
    "Choose another model in the preferences, or add it again.": (
        "Wähle in den Einstellungen ein anderes Modell, oder füge es neu hinzu."
    ),
    "Choose the device CPU in the preferences.": "Wähle in den Einstellungen das Gerät CPU.",
    "Choose another folder: Edit > Preferences > File Paths > Temporary Files.": (
        "Wähle einen anderen Ordner: Bearbeiten > Einstellungen > Dateipfade > Temporäre Dateien."
    ),
    "See the lines above.": "Siehe die Zeilen darüber.",
    "Everything that fsynth needs works.": "Alles, was fsynth braucht, geht.",
    # While it works
    "Starting": "Fange an",
    "Loading": "Lade",
    "Reading the photo": "Lese das Foto",
    "Looking for faces": "Suche Gesichter",
    "Normalizing the face": "Normalisiere das Gesicht",
    "Fitting the shape": "Passe die Form an",
    "Reading eyes and hair": "Lese Augen und Haare",
    "Reading the skin": "Lese die Haut",
    "Painting the texture": "Male die Textur",
    "Making shape keys": "Mache Shape-Keys",
    "Encoding the texture": "Speichere die Textur",
    "Cutting the head into parts": "Zerlege den Kopf in Teile",
    "Building the avatar": "Baue den Avatar",
    "Checking": "Prüfe",
    "Looking for the landmarks of the model": "Suche die Landmarken des Modells",
    "Cancelled. Nothing was changed.": "Abgebrochen. Nichts wurde verändert.",
    # Why it can't
    "Switch to Object Mode first, in the header of the 3D Viewport": (
        "Wechsle zuerst in den Objektmodus, in der Kopfzeile des 3D-Viewports"
    ),
    "Select an avatar first: click on its head": "Wähle zuerst einen Avatar aus: klicke auf seinen Kopf",
    "Select an avatar first: click on its head.": "Wähle zuerst einen Avatar aus: klicke auf seinen Kopf.",
    "Choose a photo first: press the folder icon beside Photo in the fsynth tab.": (
        "Wähle zuerst ein Foto: drücke im Reiter fsynth das Ordnersymbol neben dem Foto."
    ),
    "fsynth is still busy. Wait for it to end, or press Cancel in the fsynth tab.": (
        "fsynth ist noch beschäftigt. Warte, bis es fertig ist, oder drücke im Reiter fsynth auf Abbrechen."
    ),
    "Choose the file of a model.": "Wähle die Datei eines Modells.",
    "There is not enough memory. Choose a smaller texture, make the photo smaller, or close other files.": (
        "Der Speicher reicht nicht. Wähle eine kleinere Textur, verkleinere das Foto, oder schließe andere Dateien."
    ),
    "This computer can't make faces on the processor that the extension's preferences name. Choose CPU there.": (
        "Dieser Rechner kann auf dem Prozessor, den die Einstellungen der Erweiterung nennen, keine Gesichter machen. "
        "Wähle dort CPU."
    ),
    "This is a HEIC photo, which Blender can't read. Save it as JPEG or PNG, and choose that file.": (
        "Das ist ein HEIC-Foto, das Blender nicht lesen kann. Speichere es als JPEG oder PNG und wähle diese Datei."
    ),
}
