// The Pod that dumps: who does what in it with whose login, and what of the app's template is in it.
#include "reconcilers/manifests/backup_job.hpp"

#include "reconcilers/jobs/job.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace djdb {
namespace {

using nlohmann::json;

const ServerAccess kAccess{
    {"db.example", 5432, {TlsMode::VerifyFull, "PEM"}},
    {"admin", Sensitive("x")},
    "djangodb_operator"};

Desired a_desired() {
    DjangoDatabase object;
    object.meta.key = {Namespace("apps"), ObjectName("shop")};
    object.meta.uid = ResourceUid("uid-1");
    object.spec.database.name = "shop";
    object.spec.backup.when = BackupWhen::BeforeMigrate;
    object.spec.backup.claim_name = "shop-backups";
    object.spec.backup.keep = 3;
    return derive_desired(object, "cluster");
}

json a_template() {
    return json::parse(R"({
        "metadata": {"annotations": {"sidecar.istio.io/inject": "false"}},
        "spec": {
            "serviceAccountName": "shop", "nodeSelector": {"disk": "ssd"}, "dnsPolicy": "Default",
            "affinity": {"nodeAffinity": {}, "podAntiAffinity": {}},
            "imagePullSecrets": [{"name": "pull"}],
            "volumes": [{"name": "media", "persistentVolumeClaim": {"claimName": "media"}}],
            "initContainers": [{"name": "wait", "image": "busybox"}],
            "containers": [
                {"name": "app", "image": "shop:v2", "imagePullPolicy": "Always",
                 "envFrom": [{"secretRef": {"name": "shop-database"}}],
                 "env": [{"name": "PATH", "value": "/opt/venv/bin"},
                         {"name": "SECRET_KEY", "value": "s3cret"}],
                 "volumeMounts": [{"name": "media", "mountPath": "/media"}]},
                {"name": "metrics", "image": "exporter"}]}})");
}

json job_of(
    const Desired& desired, const json& pod_template, const ServerAccess& access = kAccess
) {
    StartBackup start;
    start.source.pod_template = PodTemplate(pod_template);
    start.revision = Revision("0123456789a");
    start.image = ImageRef("shop:v2");
    start.attempt = 2;
    start.proves = "0123456789a";
    start.pod_labels = {{"team", "web"}};
    start.client = ImageRef("postgres:15");
    return render_backup_job(desired, start, access);
}

json pod_of(const json& pod_template, const ServerAccess& access = kAccess) {
    return job_of(a_desired(), pod_template, access)["spec"]["template"]["spec"];
}

json variable(const json& container, const std::string& name) {
    for (const auto& one : container.value("env", json::array())) {
        if (one.at("name") == name) {
            return one;
        }
    }
    return nullptr;
}

TEST(BackupJob, DumpsReadsBackAndKeepsWithoutAShell) {
    const auto job = job_of(a_desired(), a_template());
    EXPECT_EQ(job["metadata"]["name"], "shop-backup-0123456789a-2");
    EXPECT_EQ(job["metadata"]["labels"]["djangodb.io/job-kind"], "backup");
    EXPECT_EQ(job["spec"]["activeDeadlineSeconds"], 3600);
    EXPECT_EQ(job["spec"]["template"]["metadata"]["labels"]["team"], "web");
    EXPECT_EQ(
        job["spec"]["template"]["metadata"]["annotations"]["sidecar.istio.io/inject"], "false"
    );
    const auto pod = job["spec"]["template"]["spec"];
    EXPECT_EQ(pod["restartPolicy"], "Never");
    EXPECT_EQ(pod["readinessGates"][0]["conditionType"], "djangodb.io/serves");
    ASSERT_EQ(pod["initContainers"].size(), 3U);
    const auto& clear = pod["initContainers"][0];
    EXPECT_EQ(clear["name"], kClearContainer);
    EXPECT_EQ(clear["image"], "shop:v2");
    EXPECT_EQ(clear["command"], json({"python3", "/djangodb/backup.py", "clear"}));
    EXPECT_EQ(clear["terminationMessagePolicy"], "FallbackToLogsOnError");
    EXPECT_EQ(
        variable(clear, "DJANGODB_BACKUP_PARTIAL")["value"], "shop-uid-1_0123456789a-2.partial"
    );
    const auto& dump = pod["initContainers"][1];
    const std::string file = "/backups/shop-uid-1_0123456789a-2.partial";
    EXPECT_EQ(dump["name"], kDumpContainer);
    EXPECT_EQ(dump["image"], "postgres:15");
    EXPECT_EQ(
        dump["command"],
        json(
            {"pg_dump",
             "--format=custom",
             "--no-password",
             "--lock-wait-timeout=30s",
             "--file=" + file}
        )
    );
    const auto& read_back = pod["initContainers"][2];
    EXPECT_EQ(read_back["name"], kReadBackContainer);
    EXPECT_EQ(read_back["command"], json({"pg_restore", "--file=/dev/null", file}));
    ASSERT_EQ(pod["containers"].size(), 1U);
    const auto& keep = pod["containers"][0];
    EXPECT_EQ(keep["image"], "shop:v2");
    EXPECT_EQ(keep["imagePullPolicy"], "Always");
    EXPECT_EQ(keep["command"], json({"python3", "/djangodb/backup.py"}));
    EXPECT_EQ(
        variable(keep, "DJANGODB_BACKUP_PARTIAL")["value"], "shop-uid-1_0123456789a-2.partial"
    );
    EXPECT_EQ(variable(keep, "DJANGODB_BACKUP_FOLDER")["value"], "/backups");
    EXPECT_EQ(variable(keep, "DJANGODB_BACKUP_OF")["value"], "shop-uid-1");
    EXPECT_EQ(variable(keep, "DJANGODB_BACKUP_KEEP")["value"], "3");
    EXPECT_EQ(variable(keep, "PATH")["value"], "/opt/venv/bin");
    for (const auto& container : {clear, dump, read_back, keep}) {
        EXPECT_EQ(container["volumeMounts"][0]["mountPath"], "/backups");
    }
    EXPECT_EQ(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], "shop-backups");
}

TEST(BackupJob, OnlyTheDumpHasALoginAndItIsTheReaders) {
    const auto pod = pod_of(a_template());
    const auto& dump = pod["initContainers"][1];
    for (const auto& [name, key] :
         {std::pair{"PGHOST", "DB_HOST"},
          {"PGPORT", "DB_PORT"},
          {"PGDATABASE", "DB_NAME"},
          {"PGUSER", "DB_USER"},
          {"PGPASSWORD", "DB_PASSWORD"},
          {"PGSSLMODE", "DB_SSLMODE"}}) {
        EXPECT_EQ(
            variable(dump, name)["valueFrom"]["secretKeyRef"],
            (json{{"name", "shop-backup"}, {"key", key}})
        );
    }
    EXPECT_EQ(variable(dump, "PGSSLROOTCERT")["value"], "/djangodb-ca/ca.crt");
    EXPECT_EQ(dump["volumeMounts"][1]["mountPath"], "/djangodb-ca");
    EXPECT_FALSE(pod["initContainers"][2].contains("env"));
    for (const auto& program : {pod["initContainers"][0], pod["containers"][0]}) {
        EXPECT_TRUE(variable(program, "PGPASSWORD").is_null());
    }
    EXPECT_EQ(pod["automountServiceAccountToken"], false);
    const auto text = pod.dump();
    for (const auto* of_the_app :
         {"shop-database", "shop-migrate-", "s3cret", "media", "busybox"}) {
        EXPECT_EQ(text.find(of_the_app), std::string::npos) << of_the_app;
    }
}

TEST(BackupJob, MountsTheCaFromWhereItHasRoom) {
    const auto source = [](const ServerAccess& access) {
        return pod_of(a_template(), access)["volumes"].back();
    };
    EXPECT_EQ(source(kAccess)["secret"]["secretName"], "shop-backup");
    EXPECT_EQ(source(kAccess)["secret"]["items"][0]["key"], "ca.crt");
    auto access = kAccess;
    access.address.tls.ca_pem = std::string(40000, 'x');
    EXPECT_EQ(source(access)["configMap"]["name"], "shop-database-ca");
    access.address.tls = {TlsMode::Require, ""};
    EXPECT_EQ(pod_of(a_template(), access)["volumes"].size(), 2U);
}

TEST(BackupJob, RunsWhereTheAppRunsAndAsOneUser) {
    const auto pod = pod_of(a_template());
    EXPECT_EQ(pod["serviceAccountName"], "shop");
    EXPECT_EQ(pod["nodeSelector"]["disk"], "ssd");
    EXPECT_EQ(pod["dnsPolicy"], "Default");
    EXPECT_EQ(pod["imagePullSecrets"][0]["name"], "pull");
    EXPECT_TRUE(pod["affinity"].contains("nodeAffinity"));
    EXPECT_FALSE(pod["affinity"].contains("podAntiAffinity"));
    EXPECT_EQ(pod["securityContext"]["fsGroup"], 65532);
    EXPECT_EQ(pod["initContainers"][0]["securityContext"]["runAsUser"], 65532);
    EXPECT_EQ(pod["containers"][0]["securityContext"], pod["initContainers"][1]["securityContext"]);

    auto named = a_template();
    named["spec"]["securityContext"] = {{"runAsUser", 1000}, {"fsGroup", 2000}};
    named["spec"]["containers"][0]["securityContext"] = {{"allowPrivilegeEscalation", false}};
    const auto as_asked = pod_of(named);
    EXPECT_EQ(as_asked["securityContext"], (json{{"runAsUser", 1000}, {"fsGroup", 2000}}));
    EXPECT_EQ(
        as_asked["initContainers"][0]["securityContext"],
        (json{{"allowPrivilegeEscalation", false}})
    );
}

TEST(BackupJob, GivesPostgresqlsImageNoMoreRightsThanOthersHave) {
    auto privileged = a_template();
    privileged["spec"]["containers"][0]["securityContext"] = {
        {"privileged", true},
        {"runAsUser", 0},
        {"capabilities", {{"add", {"SYS_ADMIN"}}, {"drop", {"ALL"}}}}};
    const auto context = pod_of(privileged)["initContainers"][1]["securityContext"];
    EXPECT_EQ(context, (json{{"runAsUser", 0}, {"capabilities", {{"drop", {"ALL"}}}}}));
}

TEST(BackupJob, StartsItsProgramsBehindTheImagesEntryPoint) {
    auto object = a_desired().object;
    object.spec.app.entrypoint = {"/cnb/lifecycle/launcher"};
    const auto pod =
        job_of(derive_desired(object, "cluster"), a_template())["spec"]["template"]["spec"];
    const json keep{"/cnb/lifecycle/launcher", "python3", "/djangodb/backup.py"};
    EXPECT_EQ(pod["containers"][0]["command"], keep);
    EXPECT_EQ(pod["initContainers"][0]["command"][0], keep[0]);
    EXPECT_EQ(pod["initContainers"][1]["command"][0], "pg_dump");
}

TEST(BackupJob, HasTheResourcesOfTheSpec) {
    EXPECT_FALSE(pod_of(a_template())["initContainers"][0].contains("resources"));
    auto object = a_desired().object;
    object.spec.backup.resources.limits = {{"memory", "256Mi"}};
    object.spec.backup.deadline = std::chrono::hours{3};
    const auto job = job_of(derive_desired(object, "cluster"), a_template());
    EXPECT_EQ(job["spec"]["activeDeadlineSeconds"], 3 * 3600);
    const auto pod = job["spec"]["template"]["spec"];
    for (const auto* list : {"initContainers", "containers"}) {
        for (const auto& container : pod[list]) {
            EXPECT_EQ(container["resources"]["limits"]["memory"], "256Mi");
        }
    }
}

}  // namespace
}  // namespace djdb
