"""How people may ask for a style; the last `HELD_BACK` phrases of each are never trained on."""

HELD_BACK = 5

PHRASES = {
    "oil": """
        painting; a painting; painted; paint strokes; strokes of paint; brush strokes; thick paint;
        brush; brushwork painting; painted with a brush; a canvas; canvas; canvas art; an artist's canvas;
        a painted picture; a picture painted by hand; hand painted; an old master; renoir; vermeer; gauguin;
        expressionist painting; baroque painting; museum painting; a gallery painting; oils; oily paint;
        smeared paint; dabs of paint; paint daubs; a portrait in oils; easel painting; linseed oil; oil sketch;
        an oil painting, thick brush strokes; oil painting; oil on canvas; painted in oils; oil paint;
        impasto; thick impasto paint; heavy brushwork; bold brush strokes on canvas; a painted canvas;
        palette knife painting; van gogh; like van gogh; post-impressionist painting; impressionism; an
        impressionist oil painting; expressive brush strokes; textured oil paint; a classical oil
        portrait; old master oil painting; rembrandt; monet; painterly; painterly brushwork; a painting in
        oil colours; rich oil colours; visible brush marks; paint on canvas; thick layers of paint;
        brushed oil paint; art gallery canvas painting; alla prima; swirling brush strokes; a fine art
        painting; acrylic painting; an oil sketch on linen; museum oil painting; chunky paint strokes;
        cezanne canvas; brush-painted picture
    """,
    "watercolour": """
        watercolours; water color painting; washes; wash; wet paint; pale paint on wet paper;
        a soft wash drawing; colour bleeding into paper; wet brush; diluted colours;
        watercolour; a watercolor painting; watercolor; aquarelle; watercolour wash; water colours on
        paper; soft watercolor washes; a pale watercolour sketch; wet on wet watercolour; washes of
        watercolor; gouache; delicate aquarelle; watery paint; bleeding watercolor pigment; transparent
        washes on white paper; watercolour illustration; a light wash painting; pastel watercolour;
        diluted paint; watercolor paper; storybook watercolor; loose watercolour; tinted washes; aquarell;
        water paint; pigment pooling on paper; a soft aqueous painting; watercolor sketch; gentle washes
        of colour; turner watercolour; wet paint on paper; children's book watercolour; translucent
        watercolor; flowing watercolour; a wash of pale pigment; watercoloured picture; aquarelle sketch;
        loose washes; watery aquarelle paper; wet watercolors
    """,
    "ink": """
        ink; inked; pen; a pen sketch; lines in black ink; brush ink; black and white lines; sketch in ink;
        line art; pen strokes;
        ink on paper; ink drawing; a brush and ink drawing; black ink; indian ink; sumi-e; japanese ink
        painting; pen and ink; ink sketch; black and white ink; an ink illustration; calligraphy; ink
        brush lines; sumi; inked line art; line drawing in ink; india ink on white paper; black lines on
        white paper; manga; a manga page; inked comic lines; ink wash; zen ink painting; chinese ink;
        brush pen; woodcut print; linocut; a black line drawing; high contrast black and white drawing;
        pen drawing; inked outlines; monochrome ink; graphic novel ink; bold black strokes on white;
        fountain pen; a drawing with a brush pen; inky brush drawing; sumi ink; pen line sketch; black
        inked paper; ink lines
    """,
    "halftone": """
        dots; dotted; print dots; newsprint; newspaper; printing dots; a printed dot pattern; raster;
        halftone; halftone dots; a halftone print; newspaper print; newsprint dots; printed dots; dotted
        print; ben-day dots; ben day; comic book dots; dot screen; dot pattern; printing press dots;
        offset print; risograph; riso print; dots on cream paper; a dotted halftone; half tone; half-tone
        printing; screen dots; newspaper photograph; old newspaper dots; dotty print; dot matrix; stippled
        dots; print raster; raster dots; blue dots; blue ink dots; magazine dots; a grid of dots; polka
        dots; dotted poster; pointillist dots; newspaper halftones; screen of printed dots; dot raster
        print; half tone dots; dotted newsprint
    """,
    "mosaic": """
        a tile floor; little tiles; tile; made of tiles; square tiles; ceramic; coloured tiles; tile mosaics;
        mosaic; a mosaic; tiles; mosaic tiles; ceramic tiles; roman mosaic; byzantine mosaic; tiled;
        glazed tiles; tesserae; glass tiles; a wall of tiles; small square tiles; tile art; pixel tiles;
        square mosaic; tiled wall; a tiled picture; stone mosaic; bathroom tiles; azulejo; grout and
        tiles; coloured square tiles; gaudi mosaic; bricks of colour; lego; lego bricks; building blocks;
        plastic bricks; blocks; cubes; pixelated blocks; pixel art; mosaic of coloured glass; a floor
        mosaic; tile mosaic; ancient tiled mosaics; ceramic mosaic wall; square tesserae; tiling; mosaics
    """,
    "thermal": """
        heat; temperature; thermal map; hot and cold colours; heat vision camera; infrared picture; scan of heat;
        colours of heat; thermal colours;
        thermal; thermal camera; heat map; heatmap; infrared; infrared camera; thermal imaging; thermal
        vision; heat vision; thermography; predator vision; heat signature; rainbow heat; false colour;
        false color; infra-red; flir; flir camera; a thermal image; temperature map; hot and cold; hot red
        and cold blue; rainbow colours; rainbow; heat sensor; thermogram; thermal scan; heat camera view;
        jet colour map; thermographic; infrared heat image; body heat; spectral colours; heat scan; warm
        and cold colour map; infrared thermography; thermal heat; flir thermal imaging; heat sensor
        camera; rainbow thermogram
    """,
    "sepia": """
        old photo; old brown photograph; brown photograph; sepia picture; an antique photograph; old film;
        vintage brown print; brown;
        sepia; sepia tone; sepia toned photograph; an old photograph; vintage photograph; antique photo;
        old brown photo; daguerreotype; victorian photograph; nineteenth century photo; aged photograph;
        faded brown print; wild west photo; old time photo; retro sepia; brown tint; brown monochrome;
        antique brown; nostalgic old picture; vintage; vintage sepia film; ancient photograph; old-
        fashioned photo; tintype; albumen print; historic photograph; grandmother's photo album; brownish
        monochrome; aged paper photo; old west; turn of the century photo; silent film; weathered
        photograph; western sepia; a photo from 1900; sepia print; vintage brown photograph; antique
        sepia; old victorian photo; aged brown picture
    """,
    "night": """
        moon; moonlight at night; a dark night; dark; darkness; blue darkness; night light; evening;
        by night; the moon at midnight;
        night; at night; moonlight; moonlit; a moonlit night; night scene; midnight; dark blue night;
        nighttime; blue hour; under the moon; in the dark; dark night; late at night; moonlit blue;
        nocturne; a nocturne; dusk; after dark; midnight blue; full moon; starlight; starlit; dark blue;
        blue moonlight; deep night; night time; night sky; evening darkness; twilight; shadows of the
        night; cold moonlight; dark evening; day for night; by moonlight; night-time scene; moonlight
        nocturne; dark midnight; blue night; moonlit darkness
    """,
    "emboss": """
        stone; carved; carved relief; marble; chiselled relief; a stone; engraving in stone; sculpted stone;
        grey relief; sculpted in marble;
        emboss; embossed; stone relief; bas-relief; a relief carved in stone; carved stone; stone carving;
        marble relief; relief; sculpted relief; engraved stone; chiselled; carved marble; grey stone;
        sandstone carving; embossed metal; stamped metal; a coin relief; plaster relief; plaster cast;
        clay relief; sculpture; stone sculpture; chiselled stone; temple carving; etched in stone; pressed
        paper; embossed paper; fossil; concrete relief; raised relief; carving; bas relief; a stone
        tablet; pewter; low relief carving; carved in grey stone; embossing; stone relief sculpture;
        chiselled marble
    """,
    "pop": """
        pop colours; pink poster; pop art poster; screenprint; print in pink and yellow; silkscreen poster;
        pink print; art print in bold colours;
        pop art; pop; warhol; andy warhol; a pop art poster; screen print; silkscreen; silk screen print;
        serigraph; pink and teal; duotone; tritone; pink yellow and teal; bold flat colours; flat colours;
        pop poster; a sixties poster; psychedelic poster; posterized; posterised; poster; bright poster
        colours; hot pink; pink; marilyn print; campbell soup art; screen printed poster; vivid pop
        colours; graphic poster; a concert poster; vaporwave; synthpop cover; acid colours; bold graphic
        print; retro pop; pop print; warhol silkscreen; posterization; pink screenprint; pop art print
    """,
    "neon": """
        glow; glowing; glowing lights; neon tube; neon colours; lights glowing in the dark; bright glowing lines;
        neon contours; laser;
        neon; neon lights; neon glow; glowing neon; neon lines; neon tubes; glowing edges; glowing
        outlines; cyberpunk; cyberpunk neon; tron; like tron; glowing lines on black; light tubes;
        electric glow; laser lines; lasers; laser show; neon sign; glow in the dark; blacklight; uv glow;
        fluorescent; luminous outlines; synthwave; glowing purple lines; radiant edges; electric outlines;
        neon wireframe; light painting; glowing wires; club lights; electric neon; neon edges; bright
        glowing contours; neon outline glow; tron lines; glowing neon tubes; laser neon; fluorescent neon
        lights
    """,
    "photograph": """
        real; a camera picture; plain photograph; unedited picture; footage; video; a realistic picture;
        natural photograph; a faithful copy;
        photograph; a photograph; photo; realistic; photorealistic; no style; plain; natural; original;
        unchanged; camera; raw footage; raw video; unedited; a real photo; as it is; the camera picture;
        normal; documentary; live video; natural colours; real life; true to life; nothing; none;
        untouched; a colour photograph; realism; realistic photo; passthrough; ordinary video; dslr photo;
        neutral; faithful; straight from the camera; a natural photo; realistic camera footage; plain
        video; original picture; unedited photograph
    """,
    "blueprint": """
        blueprint; a blueprint; technical drawing; a technical drawing; blueprint paper; architect's plan;
        architectural drawing; engineering drawing; an engineer's drawing; white lines on blue; white lines on
        blue paper; cyanotype; a cyanotype plan; construction plan; floor plan; a plan of a machine; drafting;
        a draft; drafted plan; draughtsman's drawing; cad drawing; cad; schematic; a schematic diagram;
        diagram; patent drawing; blue plan; blue and white plan; technical plan; technical sketch; ruled
        blue paper; blueprints; architect; architecture plan; design drawing; mechanical drawing; white chalk
        lines on blue; wiring diagram; plans on blue paper; blueprint lines; an inventor's plan; structural
        plan; grid paper drawing; lines on blue grid; blueprint drawing; technical blueprint plan; engineer's
        blueprint; architect's drawing on blue paper; schematic plan; white line plan
    """,
    "gold": """
        gold; golden; liquid gold; molten gold; made of gold; solid gold; gold statue; a golden statue; cast in
        gold; gilded; gilt; gold leaf; polished gold; shiny gold; gold metal; golden metal; brass; polished
        brass; bronze; bronze statue; a bronze cast; chrome gold; metallic; metallic gold; shining metal; shiny
        metal; oscar statue; gold trophy; a trophy; treasure; gold coin; king midas; midas touch; golden relief;
        gold bullion; gold bar; 24 carat gold; melted gold; gold foil; foil; jewellery; golden mask; tutankhamun;
        luxury gold; gleaming gold; golden sculpture; gilded statue of metal; shining gold relief; polished
        bronze metal; gold plated; golden treasure
    """,
    "trails": """
        trails; light trails; motion trails; trails of light; long exposure; a long exposure; long exposure
        photograph; streaks; streaks of light; light streaks; motion blur; ghosting; ghost trails; fading
        trails; trailing; trailing light; echoes; motion echo; echo of movement; traces of movement; traces;
        smear of motion; star trails; comet tails; comet; shutter drag; slow shutter; slow shutter speed; open
        shutter; bulb exposure; time lapse trails; moving lights; traffic at night with long exposure; ghost
        images; afterimages of movement; speed lines; blue streaks; fading streaks; tracers; light tracers;
        streaking lights; blurred motion; persistent motion; long shutter; light trail; motion streaks of
        light; trails of movement; slow shutter streaks; ghostly motion trails; long exposure streaks
    """,
    "afterglow": """
        afterglow; phosphor; phosphor screen; green phosphor; phosphor afterglow; crt; crt monitor; a crt
        screen; cathode ray tube; oscilloscope; oscilloscope screen; radar; radar screen; radar scope; sonar;
        night vision; night vision goggles; green screen monitor; green monitor; old computer monitor; vector
        monitor; fading phosphor; glowing phosphor; green terminal; terminal; matrix; the matrix; green display;
        persistence of phosphor; cathode ray; an old green screen; green light; green glow; phosphorescent;
        phosphorescence; image intensifier; retro green monitor; green night vision; analog scope; tube
        screen; vintage terminal screen; green tube monitor; bioluminescence; bioluminescent; green; radar
        phosphor; green crt screen; phosphorescent screen; oscilloscope phosphor glow; cathode tube monitor
    """,
}

SUBJECTS = """
    a dancer; a portrait; a man on stage; a woman; the crowd; a cat; a dog; hands; a city street; a face;
    people; a singer; a guitar player; flowers; a landscape; a forest; the sea; a room; a friend; a band;
    a horse; a house; mountains; a garden; a still life; a robot; a car; a tree; my face; a smiling
    person; a drummer; a king
"""
EXTRAS = """
    highly detailed; beautiful; masterpiece; 4k; cinematic; intricate; elegant; dramatic; trending; best
    quality; live; artistic; stunning; award winning; atmospheric; studio; amazing; very nice; modern;
    classic
"""
