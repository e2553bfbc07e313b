package io.detinit.interop.audit;

/**
 * What weight decay left of a weight: {@code (1 - lr * wd)^steps} of {@code lr*wd*steps}, {@code exp(-X)} of one number.
 *
 * @param factor in (0, 1]
 */
public record Decay(double factor) {

    /**
     * Reads what users write.
     *
     * @param text {@code LR*WD*STEPS}, or their product
     * @return what is left
     * @throws IllegalArgumentException if it is neither, or leaves nothing
     */
    public static Decay parse(String text) {
        String[] parts = text.split("\\*", -1);
        try {
            double factor;
            if (parts.length == 3) {
                double rate = number(parts[0]) * number(parts[1]);
                factor = rate < 1 ? Math.exp(number(parts[2]) * Math.log1p(-rate)) : Double.NaN;
            } else if (parts.length == 1) {
                factor = Math.exp(-number(parts[0]));
            } else {
                factor = Double.NaN;
            }
            if (factor > 0 && factor <= 1) {
                return new Decay(factor);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(
                "--decay '" + text + "': expected LR*WD*STEPS, such as 0.1*5e-4*4690, or their product, a number >= 0");
    }

    private static double number(String text) {
        double value = Double.parseDouble(text.strip());
        return value >= 0 ? value : Double.NaN;
    }
}
