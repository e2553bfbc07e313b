package io.detinit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SvgPngTest {

    @Test
    void anotherReaderSeesThePixels() throws IOException {
        byte[] pixels = new byte[3 * 50];
        for (int k = 0; k < pixels.length; k++) {
            pixels[k] = (byte) (k % (SvgColours.LEVELS + 1));
        }
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(SvgPng.encode(3, pixels)));
        assertEquals(3, image.getWidth());
        assertEquals(50, image.getHeight());
        for (int k = 0; k < pixels.length; k++) {
            int colour = image.getRGB(k % 3, k / 3);
            if (pixels[k] == SvgPng.CLEAR) {
                assertEquals(0, colour >>> 24);
            } else {
                assertEquals(SvgColours.colour(pixels[k] - 1), colour & 0xFFFFFF);
                assertEquals(255, colour >>> 24);
            }
        }
    }

    /** Without colour, too, more movement is lighter. */
    @Test
    void theScaleRisesInLightness() {
        double before = -1;
        for (int level = 0; level < SvgColours.LEVELS; level++) {
            double lightness = luminance(SvgColours.colour(level));
            assertTrue(lightness > before, "step " + level);
            before = lightness;
        }
        assertEquals(0, SvgColours.level(0, 1));
        assertEquals(SvgColours.LEVELS - 1, SvgColours.level(1, 1));
        assertEquals(SvgColours.LEVELS - 1, SvgColours.level(5, 1));
        assertEquals(SvgColours.LEVELS / 2, SvgColours.level(0.5, 1));
    }

    private static double luminance(int colour) {
        return 0.2126 * linear(colour >> 16) + 0.7152 * linear(colour >> 8) + 0.0722 * linear(colour);
    }

    private static double linear(int channel) {
        return Math.pow((channel & 0xFF) / 255.0, 2.2);
    }
}
