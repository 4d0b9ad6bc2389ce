// The Secret's contract and the migration Job's shape.
#include "reconcilers/manifests/app_job.hpp"
#include "reconcilers/manifests/job_programs.hpp"
#include "reconcilers/manifests/migration_job.hpp"
#include "reconcilers/manifests/probe_job.hpp"
#include "reconcilers/manifests/secret.hpp"
#include "reconcilers/ports/failure.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace djdb {
namespace {

using nlohmann::json;

Desired a_desired() {
    DjangoDatabase object;
    object.meta.key = {Namespace("apps"), ObjectName("shop")};
    object.meta.uid = ResourceUid("uid-1");
    object.spec.server_ref.name = "main";
    object.spec.database.name = "shop";
    object.spec.credentials.keys = {{"APP_DATABASE_HOST", "{host}"}};
    return derive_desired(object, "cluster");
}

const ServerAccess kAccess{
    {"db.example", 5432, {TlsMode::VerifyFull, "PEM"}},
    {"admin", Sensitive("x")},
    "djangodb_operator"};

TEST(Secret, HoldsTheContractAndTheUsersKeys) {
    const auto data =
        render_secret_data(a_desired(), kAccess, RoleName("shop_a"), Sensitive("p w/1"), "");
    EXPECT_EQ(data.at("DB_NAME").reveal(), "shop");
    EXPECT_EQ(data.at("DB_USER").reveal(), "shop_a");
    EXPECT_EQ(data.at("DB_PORT").reveal(), "5432");
    EXPECT_EQ(data.at("DB_SSLMODE").reveal(), "verify-full");
    EXPECT_EQ(data.at("DB_CONN_MAX_AGE").reveal(), "60");
    EXPECT_EQ(data.at("APP_DATABASE_HOST").reveal(), "db.example");
    EXPECT_EQ(data.at("ca.crt").reveal(), "PEM");
    EXPECT_EQ(
        data.at("DATABASE_URL").reveal(),
        "postgresql://shop_a:p%20w%2F1@db.example:5432/"
        "shop?sslmode=verify-full&sslrootcert=%2Fetc%2Fdjangodb%2Fca.crt"
    );
}

TEST(Secret, AnIpv6HostStandsInBracketsInTheUrlAlone) {
    auto access = kAccess;
    access.address.host = "fd00::1";
    const auto data =
        render_secret_data(a_desired(), access, RoleName("shop_a"), Sensitive("p"), "");
    EXPECT_EQ(data.at("DB_HOST").reveal(), "fd00::1");
    EXPECT_NE(data.at("DATABASE_URL").reveal().find("@[fd00::1]:5432/"), std::string::npos);
}

TEST(Secret, SaysHowTheServerIsVerifiedAndHasACaOnlyWhereOneIs) {
    struct Row {
        TlsMode mode;
        const char* host;
        const char* ca;
        const char* ssl_mode;
        const char* url_end;
    };
    static const std::vector<Row> kRows{
        {TlsMode::VerifyCA,
         "db.example",
         "PEM",
         "verify-ca",
         "@db.example:5432/shop?sslmode=verify-ca&sslrootcert=%2Fetc%2Fdjangodb%2Fca.crt"},
        {TlsMode::Require, "db.example", "", "require", "@db.example:5432/shop?sslmode=require"},
        {TlsMode::VerifyFull,
         "/var/run/my.socket",
         "",
         "disable",
         "@%2Fvar%2Frun%2Fmy.socket:5432/shop?sslmode=disable"},
    };
    for (const auto& row : kRows) {
        auto access = kAccess;
        access.address.tls.mode = row.mode;
        access.address.host = row.host;
        access.address.tls.ca_pem = row.ca;
        const auto data =
            render_secret_data(a_desired(), access, RoleName("shop_a"), Sensitive("p"), "");
        EXPECT_EQ(data.at("DB_SSLMODE").reveal(), row.ssl_mode);
        EXPECT_TRUE(data.at("DATABASE_URL").reveal().ends_with(row.url_end))
            << data.at("DATABASE_URL").reveal();
        const bool has_ca = !access.address.tls.ca_pem.empty();
        EXPECT_EQ(data.contains("ca.crt"), has_ca) << row.ssl_mode;
        EXPECT_EQ(data.contains("DB_SSLROOTCERT"), has_ca) << row.ssl_mode;
    }
}

TEST(Secret, AMalformedTemplateIsRefusedByItsKey) {
    CredentialsSpec credentials;
    for (const auto* text : {"{nope}", "{host", "{"}) {
        credentials.keys = {{"GOOD", "{host}:{port}"}, {"BAD", text}};
        const auto error = find_key_template_error(credentials);
        ASSERT_TRUE(error) << text;
        EXPECT_NE(error->find("keys.BAD"), std::string::npos);
    }
    credentials.keys = {{"GOOD", "{host}:{port}"}};
    EXPECT_FALSE(find_key_template_error(credentials));
}

TEST(Secret, ItsManifestCarriesNoData) {
    EXPECT_FALSE(render_secret(a_desired(), ObjectName("shop-database")).contains("data"));
}

StartMigration a_start() {
    Workload source;
    source.meta.key = {Namespace("apps"), ObjectName("web")};
    source.pod_template = PodTemplate(json::parse(R"({"spec": {
        "serviceAccountName": "web", "securityContext": {"runAsNonRoot": true}, "restartPolicy": "Always",
        "initContainers": [{"name": "wait", "image": "busybox"}],
        "containers": [
          {"name": "app", "image": "shop:v2", "args": ["gunicorn"], "command": ["x"], "ports": [{"containerPort": 80}],
           "envFrom": [{"secretRef": {"name": "shop-database"}}, {"configMapRef": {"name": "settings"}}],
           "env": [{"name": "H", "valueFrom": {"secretKeyRef": {"name": "shop-database", "key": "DB_HOST"}}},
                   {"name": "K", "valueFrom": {"secretKeyRef": {"name": "other", "key": "k"}}}],
           "livenessProbe": {}, "readinessProbe": {}, "lifecycle": {}, "securityContext": {"readOnlyRootFilesystem": true},
           "volumeMounts": [{"name": "ca", "mountPath": "/etc/djangodb"}]},
          {"name": "sidecar", "image": "proxy"}],
        "volumes": [{"name": "ca", "secret": {"secretName": "shop-database"}},
                    {"name": "p", "projected": {"sources": [{"secret": {"name": "shop-database"}}]}}]}})"
    ));
    return {{source, Revision("0123456789a"), ImageRef("shop:v2"), 2}};
}

TEST(MigrationJob, IsTheTemplatesAppContainerWithTheMigrationLogin) {
    auto job = render_migration_job(a_desired(), a_start(), kAccess);
    EXPECT_EQ(job["metadata"]["name"], "shop-migrate-0123456789a-2");
    for (const auto* labelled : {&job["metadata"], &job["spec"]["template"]["metadata"]}) {
        EXPECT_EQ((*labelled)["labels"]["djangodb.io/job-kind"], "migrate");
        EXPECT_EQ((*labelled)["labels"]["djangodb.io/revision"], "0123456789a");
    }
    EXPECT_EQ(job["metadata"]["annotations"]["djangodb.io/attempt"], "2");
    const auto& marks = job["spec"]["template"]["metadata"]["annotations"];
    EXPECT_EQ(marks["cluster-autoscaler.kubernetes.io/safe-to-evict"], "false");
    EXPECT_EQ(marks["karpenter.sh/do-not-disrupt"], "true");
    EXPECT_EQ(job["spec"]["backoffLimit"], 0);
    const auto& pod = job["spec"]["template"]["spec"];
    ASSERT_EQ(pod["containers"].size(), 1U);
    const auto& container = pod["containers"][0];
    EXPECT_EQ(container["image"], "shop:v2");
    for (const auto* gone : {"livenessProbe", "readinessProbe", "lifecycle", "ports", "args"}) {
        EXPECT_FALSE(container.contains(gone)) << gone;
    }
    EXPECT_FALSE(pod.contains("initContainers"));
    EXPECT_EQ(pod["serviceAccountName"], "web");
    EXPECT_EQ(pod["restartPolicy"], "Never");
    EXPECT_EQ(container["securityContext"]["readOnlyRootFilesystem"], true);
    EXPECT_EQ(container["envFrom"][0]["secretRef"]["name"], "shop-migrate");
    EXPECT_EQ(container["env"][0]["valueFrom"]["secretKeyRef"]["name"], "shop-migrate");
    EXPECT_EQ(container["env"][1]["valueFrom"]["secretKeyRef"]["name"], "other");
    EXPECT_EQ(pod["volumes"][0]["secret"]["secretName"], "shop-migrate");
    EXPECT_EQ(pod["volumes"][1]["projected"]["sources"][0]["secret"]["name"], "shop-migrate");
    EXPECT_EQ(job.dump().find("shop-database"), std::string::npos)
        << "no trace of the app's own login";
}

TEST(ProbeJob, IsTheTemplatesAppContainerAsItIs) {
    auto desired = a_desired();
    const StartProbe start{a_start()};
    const auto plain = render_probe_job(desired, start, kAccess);
    EXPECT_EQ(plain["metadata"]["name"], "shop-probe-0123456789a-2");
    EXPECT_EQ(plain["metadata"]["labels"]["djangodb.io/job-kind"], "probe");
    const auto& pod = plain["spec"]["template"];
    EXPECT_FALSE(pod["metadata"].contains("annotations")) << "it may be moved";
    const auto& container = pod["spec"]["containers"][0];
    EXPECT_EQ(container["command"], json::parse(R"(["python3", "/djangodb/probe.py"])"));
    EXPECT_EQ(container["envFrom"][0]["secretRef"]["name"], "shop-database");
    EXPECT_EQ(plain.dump().find("\"secretName\":\"shop-migrate\""), std::string::npos);
    const auto value_of = [](const json& job, const std::string& name) {
        for (const auto& variable : job["spec"]["template"]["spec"]["containers"][0]["env"]) {
            if (variable["name"] == name) {
                return variable["value"].get<std::string>();
            }
        }
        return std::string("none");
    };
    EXPECT_EQ(value_of(plain, "DJANGODB_COMMAND"), R"(["x","gunicorn"])");
    EXPECT_EQ(value_of(plain, "DJANGODB_EXPECT_USER"), "shop_owner");
    EXPECT_EQ(value_of(plain, "DJANGODB_FAIL_LEVEL"), "none");
    EXPECT_EQ(value_of(plain, "DJANGODB_LOCK_TIMEOUT"), "none");
    desired.object.spec.preflight.fail_level = FailLevel::Warning;
    desired.setup.runtime = RuntimeAccess::ReadWrite;
    const auto strict = render_probe_job(desired, start, kAccess);
    EXPECT_EQ(value_of(strict, "DJANGODB_EXPECT_USER"), "shop_rw");
    EXPECT_EQ(value_of(strict, "DJANGODB_FAIL_LEVEL"), "WARNING");
}

/// Whose Pods keep away from one another, wait for a service and have a proxy beside them.
StartMigration a_start_of_a_busy_app() {
    auto start = a_start();
    start.source.pod_template = PodTemplate(json::parse(R"({
        "metadata": {"labels": {"app": "web", "team": "shop"}, "annotations": {
            "inject": "yes", "karpenter.sh/do-not-disrupt": "x",
            "container.apparmor.security.beta.kubernetes.io/log": "runtime/default"}},
        "spec": {
            "affinity": {"nodeAffinity": {"a": 1}, "podAffinity": {"b": 1}, "podAntiAffinity": {"c": 1}},
            "topologySpreadConstraints": [{"maxSkew": 1}], "readinessGates": [{"conditionType": "x"}],
            "initContainers": [
                {"name": "migrate", "image": "shop:v2"},
                {"name": "settings", "image": "fetch", "envFrom": [{"secretRef": {"name": "shop-database"}}]},
                {"name": "worker", "image": "shop:v2", "restartPolicy": "Always",
                 "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "shop-database", "key": "DB_PASSWORD"}}}]},
                {"name": "proxy", "image": "proxy", "restartPolicy": "Always", "ports": [{"containerPort": 1, "hostPort": 1}]}],
            "containers": [{"name": "app", "image": "shop:v2", "resources": {"limits": {"memory": "256Mi"}},
                            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}],
            "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory"}}]}})"));
    return start;
}

TEST(JobsPod, HasWhatTheAppCannotRunWithoutAndNoMore) {
    auto desired = a_desired();
    auto start = a_start_of_a_busy_app();
    start.pod_labels = {{"team", "shop"}, {"djangodb.io/job-kind", "forged"}};
    auto job = render_migration_job(desired, start, kAccess);
    const auto& metadata = job["spec"]["template"]["metadata"];
    EXPECT_EQ(metadata["labels"]["team"], "shop");
    EXPECT_EQ(metadata["labels"]["djangodb.io/job-kind"], "migrate") << "ours win";
    EXPECT_EQ(metadata["annotations"]["inject"], "yes");
    EXPECT_EQ(metadata["annotations"]["karpenter.sh/do-not-disrupt"], "true");
    const auto& pod = job["spec"]["template"]["spec"];
    EXPECT_EQ(pod["affinity"], json::parse(R"({"nodeAffinity": {"a": 1}})"));
    EXPECT_FALSE(pod.contains("topologySpreadConstraints"));
    EXPECT_FALSE(
        metadata["annotations"].contains("container.apparmor.security.beta.kubernetes.io/log")
    );
    EXPECT_EQ(pod["readinessGates"], json::parse(R"([{"conditionType": "djangodb.io/serves"}])"));
    ASSERT_EQ(pod["initContainers"].size(), 1U) << "a native sidecar that is not the app's";
    EXPECT_EQ(pod["initContainers"][0]["name"], "proxy");
    EXPECT_FALSE(pod["initContainers"][0]["ports"][0].contains("hostPort"));
    EXPECT_EQ(pod["initContainers"][0]["terminationMessagePolicy"], "File");
    EXPECT_EQ(
        pod["containers"][0]["command"], json::parse(R"(["python3", "/djangodb/migrate.py"])")
    );

    desired.object.spec.app.keep_containers = {"settings"};
    desired.object.spec.app.entrypoint = {"/entrypoint", "--"};
    const auto kept = render_migration_job(desired, start, kAccess)["spec"]["template"]["spec"];
    ASSERT_EQ(kept["initContainers"].size(), 2U);
    EXPECT_EQ(kept["initContainers"][0]["name"], "settings") << "in their order";
    EXPECT_EQ(kept["initContainers"][0]["envFrom"][0]["secretRef"]["name"], "shop-migrate");
    EXPECT_EQ(
        kept["containers"][0]["command"],
        json::parse(R"(["/entrypoint", "--", "python3", "/djangodb/migrate.py"])")
    );
}

TEST(JobsPod, HasTheMigrationsOwnResourcesAndVolumes) {
    auto desired = a_desired();
    const auto start = a_start_of_a_busy_app();
    auto& migrations = desired.object.spec.migrations;
    migrations.resources.limits = {{"memory", "2Gi"}};
    migrations.volumes = {{"tmp", "/scratch", "", "1Gi"}, {"dumps", "/dumps", "dumps", ""}};
    const auto pod = render_migration_job(desired, start, kAccess)["spec"]["template"]["spec"];
    const auto& container = pod["containers"][0];
    EXPECT_EQ(
        container["resources"], json::parse(R"({"requests": {}, "limits": {"memory": "2Gi"}})")
    );
    EXPECT_EQ(pod["volumes"].size(), 3U) << pod["volumes"];
    EXPECT_EQ(
        pod["volumes"][0], json::parse(R"({"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}})")
    );
    EXPECT_EQ(pod["volumes"][1]["persistentVolumeClaim"]["claimName"], "dumps");
    EXPECT_EQ(container["volumeMounts"].size(), 3U) << container["volumeMounts"];
    const auto probe = render_probe_job(desired, StartProbe{start}, kAccess);
    EXPECT_EQ(
        probe["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"], "256Mi"
    ) << "a probe needs no more than the app";
}

TEST(MigrationJob, ItsNameFitsALabel) {
    auto desired = a_desired();
    desired.object.meta.key.name = ObjectName(std::string(52, 'x'));
    EXPECT_LE(
        app_job_name(desired, JobKind::Migrate, Revision("0123456789a"), 999'999).size(), 63U
    );
}

TEST(MigrationProgram, IsWhatJobsHolds) {
    const auto files = render_job_programs(a_desired())["data"];
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(DJDB_JOBS_FOLDER)) {
        if (entry.path().extension() != ".py") {
            continue;
        }
        ++found;
        std::ifstream file(entry.path());
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        EXPECT_EQ(files.value(entry.path().filename().string(), ""), text) << entry.path();
    }
    EXPECT_GT(found, 1U);
    EXPECT_EQ(files.size(), found);
    EXPECT_TRUE(files.contains("migrate.py"));
    EXPECT_TRUE(files.contains("probe.py"));
}

}  // namespace
}  // namespace djdb
