package io.detinit.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchPredicates.are;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The dependency rules of docs/architecture.md. */
class ArchitectureTest {

    private static final String VECTOR_PACKAGE = "io.detinit.generator.internal.vector";

    private static JavaClasses project;

    @BeforeAll
    static void load() {
        project = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.detinit");
        assertTrue(project.size() > 80, project.size() + " classes found");
    }

    @Test
    void theGeneratorDependsOnTheJdkAlone() {
        classes()
                .that()
                .resideInAPackage("io.detinit.generator..")
                .and()
                .resideOutsideOfPackage(VECTOR_PACKAGE)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "io.detinit.generator..")
                .check(project);
        classes()
                .that()
                .resideInAPackage(VECTOR_PACKAGE)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "io.detinit.generator..", "jdk.incubator.vector..")
                .check(project);
    }

    /** Nobody may refer to the vector kernel by type: it loads only where the JVM has the incubator module. */
    @Test
    void nothingNamesTheVectorKernel() {
        noClasses()
                .that()
                .resideOutsideOfPackage(VECTOR_PACKAGE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(VECTOR_PACKAGE, "jdk.incubator..")
                .check(project);
    }

    @Test
    void protobufStaysInTheOnnxPackages() {
        noClasses()
                .that(are(not(resideInAnyPackage(
                        "io.detinit.interop.onnx..",
                        "io.detinit.interop.export..",
                        "io.detinit.interop.regenerate..",
                        "io.detinit.interop.shrink.."))))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.google.protobuf..", "ai.onnx..")
                .check(project);
    }

    @Test
    void djlStaysInThreePackagesOfInterop() {
        noClasses()
                .that(are(resideInAPackage("io.detinit.interop..")))
                .and(are(not(resideInAnyPackage(
                        "io.detinit.interop.djl..", "io.detinit.interop.export..", "io.detinit.interop.load.."))))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl..")
                .check(project);
    }

    @Test
    void modulesDependDownwards() {
        noClasses()
                .that()
                .resideInAPackage("io.detinit.interop..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.detinit.training..", "io.detinit.cli..", "io.detinit.models..")
                .check(project);
        noClasses()
                .that()
                .resideInAPackage("io.detinit.models..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.detinit.interop..", "io.detinit.training..", "io.detinit.cli..")
                .check(project);
        noClasses()
                .that()
                .resideInAPackage("io.detinit.training..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.detinit.cli..")
                .check(project);
    }

    @Test
    void sparkStaysInItsModule() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.detinit.spark..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..", "io.detinit.spark..")
                .check(project);
    }

    @Test
    void theConsoleBelongsToTheCommand() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.detinit.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .orShould()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .check(project);
    }

    /** The jobs of the module spark take them too, without the command and what it needs. */
    @Test
    void optionsDoNotKnowTheCommand() {
        noClasses()
                .that()
                .resideInAPackage("io.detinit.cli.option..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.detinit.cli", "io.detinit.training..", "io.detinit.models..", "ai.djl..")
                .check(project);
    }

    @Test
    void noJacksonInGeneratorAndModels() {
        noClasses()
                .that()
                .resideInAnyPackage("io.detinit.generator..", "io.detinit.models..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml..")
                .check(project);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.detinit.(*)..").should().beFreeOfCycles().check(project);
        slices().matching("io.detinit.interop.(*)..").should().beFreeOfCycles().check(project);
    }

    /** The loop uses the timeline, so that the timeline serves other loops too. */
    @Test
    void theTimelineDoesNotKnowTheLoop() {
        noClasses()
                .that()
                .resideInAPackage("io.detinit.training.timeline..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.detinit.training",
                        "io.detinit.training.data..",
                        "io.detinit.training.optimizer..",
                        "io.detinit.training.rule..")
                .check(project);
    }

    @Test
    void formatsDoNotKnowEachOther() {
        List<String> formats = Stream.of("safetensors", "onnx", "torch", "numpy", "djl", "sharded")
                .map(name -> "io.detinit.interop." + name + "..")
                .toList();
        for (String format : formats) {
            String[] others =
                    formats.stream().filter(other -> !other.equals(format)).toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(format)
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others)
                    .check(project);
        }
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.detinit.interop.zip..", "io.detinit.interop.file..", "io.detinit.interop.tensor..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(formats.toArray(new String[0]))
                .check(project);
    }

    /** No file of a stranger reaches Java's own serialisation or a class loader. */
    @Test
    void readersOfFilesResolveNoClasses() {
        noClasses()
                .that()
                .resideInAPackage("io.detinit.interop..")
                .should()
                .callMethod(Class.class, "forName", String.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.io.ObjectInputStream.class)
                .check(project);
    }

    @Test
    void internalsAreNotUsedByOtherModules() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.detinit.generator..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.detinit.generator.internal..")
                .check(project);
    }

    /** What the jobs of {@code spark} take along: neither the command, nor what their class path does not have. */
    @Test
    void optionsAndPagesDoNotKnowTheCommand() {
        noClasses()
                .that()
                .resideInAnyPackage("io.detinit.cli.option..", "io.detinit.cli.report..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.detinit.cli",
                        "io.detinit.training..",
                        "io.detinit.models..",
                        "ai.djl..",
                        "com.google.protobuf..",
                        "io.detinit.interop.onnx..")
                .check(project);
    }

    /** A rule that cannot fail guards nothing: the same condition turned on a package that breaks it must fail. */
    @Test
    void theRulesCanFail() {
        assertThrows(
                AssertionError.class,
                () -> noClasses()
                        .that()
                        .resideInAPackage("io.detinit.models..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("ai.djl..")
                        .check(project));
        assertThrows(
                AssertionError.class,
                () -> noClasses()
                        .that()
                        .resideInAPackage("io.detinit.cli..")
                        .should()
                        .callMethod(System.class, "exit", int.class)
                        .check(project));
    }
}
