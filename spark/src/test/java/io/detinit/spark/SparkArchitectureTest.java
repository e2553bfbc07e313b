package io.detinit.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** Spark, Hadoop and Scala stay in this module; what it uses of the others needs neither DJL nor ONNX. */
class SparkArchitectureTest {

    private static final JavaClasses PROJECT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.detinit");

    private static ArchRule sparkOnlyIn(String name) {
        return noClasses()
                .that()
                .resideOutsideOfPackage(name)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..", "io.detinit.spark..");
    }

    @Test
    void sparkStaysHere() {
        sparkOnlyIn("io.detinit.spark..").check(PROJECT);
        assertThrows(
                AssertionError.class, () -> sparkOnlyIn("io.detinit.nowhere..").check(PROJECT));
    }

    @Test
    void noOtherEngines() {
        noClasses()
                .that()
                .resideInAPackage("io.detinit.spark..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "ai.djl..",
                        "ai.onnx..",
                        "com.google.protobuf..",
                        "io.detinit.interop.onnx..",
                        "io.detinit.cli") // its options and pages alone
                .check(PROJECT);
    }
}
