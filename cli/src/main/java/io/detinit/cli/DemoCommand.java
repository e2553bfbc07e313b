package io.detinit.cli;

/** tmp. */
@picocli.CommandLine.Command(name = "demo")
final class DemoCommand extends BaseCommand {
    @Override
    public Integer call() {
        return 0;
    }
}
