#include "reconcilers/manifests/backup_job.hpp"

#include "reconcilers/app_template.hpp"
#include "reconcilers/manifests/app_job.hpp"
#include "reconcilers/manifests/app_pod.hpp"
#include "reconcilers/manifests/ca_bundle.hpp"
#include "reconcilers/manifests/sslmode.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace djdb {
namespace {

using nlohmann::json;

constexpr auto kKeepContainer = "djangodb-keep";
constexpr auto kBackupVolume = "djangodb-backups";
constexpr auto kBackupDirectory = "/backups";
constexpr auto kCaVolume = "djangodb-ca";
constexpr auto kCaDirectory = "/djangodb-ca";
/// Nobody's: what runs as root in its image, or does not say as whom it runs, is run as this one.
constexpr int kNobody = 65532;

/// What says where a Pod may run, and how it reaches the server.
json place_of(const json& pod) {
    auto kept = json::object();
    for (const auto* field :
         {"serviceAccountName",
          "imagePullSecrets",
          "nodeSelector",
          "tolerations",
          "affinity",
          "priorityClassName",
          "runtimeClassName",
          "schedulerName",
          "hostAliases",
          "hostNetwork",
          "dnsPolicy",
          "dnsConfig",
          "securityContext"}) {
        if (pod.contains(field)) {
            kept[field] = pod.at(field);
        }
    }
    free_from_other_pods(kept);
    return kept;
}

/// One user for all containers, so that each may read and rename what another wrote.
json user_of(const json& pod, const json& app) {
    auto context = app.value("securityContext", json::object());
    const auto of_pod = pod.value("securityContext", json::object());
    // What the app may do beyond others is not for PostgreSQL's image.
    context.erase("privileged");
    if (context.contains("capabilities")) {
        context["capabilities"].erase("add");
    }
    if (!context.contains("runAsUser") && !of_pod.contains("runAsUser")) {
        context["runAsUser"] = kNobody;
    }
    return context;
}

void own_the_volume(json& pod) {
    auto& context = pod["securityContext"];
    if (!context.contains("fsGroup")) {
        context["fsGroup"] = kNobody;
        context["fsGroupChangePolicy"] = "OnRootMismatch";
    }
}

json from_secret(const std::string& variable, const ObjectName& secret, const char* key) {
    return {
        {"name", variable},
        {"valueFrom", {{"secretKeyRef", {{"name", secret.str()}, {"key", key}}}}}};
}

/// libpq's own variables, so that nothing of the login stands in a command line.
json login_of(const Desired& desired, const ServerAddress& server) {
    const auto& secret = desired.reader_secrets.back();
    auto variables = json::array(
        {from_secret("PGHOST", secret, "DB_HOST"),
         from_secret("PGPORT", secret, "DB_PORT"),
         from_secret("PGDATABASE", secret, "DB_NAME"),
         from_secret("PGUSER", secret, "DB_USER"),
         from_secret("PGPASSWORD", secret, "DB_PASSWORD"),
         from_secret("PGSSLMODE", secret, "DB_SSLMODE")}
    );
    const auto set = [&](const char* name, std::string value) {
        variables.push_back({{"name", name}, {"value", std::move(value)}});
    };
    if (!server.tls.ca_pem.empty()) {
        set("PGSSLROOTCERT", std::string(kCaDirectory) + "/" + kCaKey);
    }
    set("PGCONNECT_TIMEOUT", "10");
    set("PGAPPNAME", "djangodb-backup");
    return variables;
}

/// Its ca.crt alone: a long one has no room in the Secret.
json ca_volume(const Desired& desired, const ServerAddress& server) {
    const json items = json::array({{{"key", kCaKey}, {"path", kCaKey}}});
    if (fits_into_secret(server.tls.ca_pem)) {
        return {
            {"name", kCaVolume},
            {"secret", {{"secretName", desired.reader_secrets.back().str()}, {"items", items}}}};
    }
    return {
        {"name", kCaVolume}, {"configMap", {{"name", desired.ca_name.str()}, {"items", items}}}};
}

json mounted(const char* volume, const char* path, bool read_only) {
    json mount{{"name", volume}, {"mountPath", path}};
    if (read_only) {
        mount["readOnly"] = true;
    }
    return mount;
}

/// In the names of its dumps: another namespace, or another cluster, may keep its own on the same storage.
std::string owner_of_dumps(const Desired& desired) {
    constexpr std::size_t kDigits = 8;
    const auto& meta = desired.object.meta;
    return meta.key.name.str() + "-" + meta.uid.str().substr(0, kDigits);
}

/// Another resource's file never has this beginning: no name in Kubernetes has a "_".
std::string partial_of(const Desired& desired, const StartBackup& start) {
    return owner_of_dumps(desired) + "_" + start.revision.str() + "-" +
           std::to_string(start.attempt) + ".partial";
}

json container(
    const char* name,
    const std::string& image,
    json command,
    const json& user,
    const Desired& desired
) {
    json made{
        {"name", name},
        {"image", image},
        {"command", std::move(command)},
        {"volumeMounts", json::array({mounted(kBackupVolume, kBackupDirectory, false)})},
        {"terminationMessagePolicy", "FallbackToLogsOnError"}};
    if (!user.empty()) {
        made["securityContext"] = user;
    }
    const auto& resources = desired.object.spec.backup.resources;
    if (resources != ResourcesSpec{}) {
        made["resources"] = {{"requests", resources.requests}, {"limits", resources.limits}};
    }
    return made;
}

/// @param termination_log where its answer goes
json render_program(
    const char* name,
    const char* termination_log,
    const Desired& desired,
    const StartBackup& start,
    const json& app,
    const json& user
) {
    auto command = json(desired.object.spec.app.entrypoint);
    command.push_back("python3");
    command.push_back(std::string(kProgramDirectory) + "/backup.py");
    auto program = container(name, start.image.str(), std::move(command), user, desired);
    program["volumeMounts"].push_back(mounted(kProgramVolume, kProgramDirectory, true));
    if (app.contains("imagePullPolicy")) {
        program["imagePullPolicy"] = app.at("imagePullPolicy");
    }
    program["env"] = json::array(
        {{{"name", "DJANGODB_BACKUP_FOLDER"}, {"value", kBackupDirectory}},
         {{"name", "DJANGODB_BACKUP_PARTIAL"}, {"value", partial_of(desired, start)}},
         {{"name", "DJANGODB_BACKUP_OF"}, {"value", owner_of_dumps(desired)}},
         {{"name", "DJANGODB_BACKUP_KEEP"},
          {"value", std::to_string(desired.object.spec.backup.keep)}},
         {{"name", "DJANGODB_TERMINATION_LOG"}, {"value", termination_log}},
         {{"name", "PYTHONUNBUFFERED"}, {"value", "1"}},
         {{"name", "PYTHONDONTWRITEBYTECODE"}, {"value", "1"}}}
    );
    // In which python3 is found, as for the other programs.
    for (const auto& variable : app.value("env", json::array())) {
        if (variable.value("name", "") == "PATH" && variable.contains("value")) {
            program["env"].push_back(variable);
        }
    }
    return program;
}

/// Its words are its log's: an init container's answer is not read.
json render_clear(
    const Desired& desired, const StartBackup& start, const json& app, const json& user
) {
    auto clear = render_program(kClearContainer, "/dev/null", desired, start, app, user);
    clear["command"].push_back("clear");
    return clear;
}

json render_keep(
    const Desired& desired, const StartBackup& start, const json& app, const json& user
) {
    auto keep = render_program(kKeepContainer, kTerminationLog, desired, start, app, user);
    keep["terminationMessagePath"] = kTerminationLog;
    keep["terminationMessagePolicy"] = "File";
    return keep;
}

json volumes_of(const Desired& desired, const ServerAddress& server) {
    auto volumes = json::array(
        {{{"name", kBackupVolume},
          {"persistentVolumeClaim", {{"claimName", desired.object.spec.backup.claim_name}}}},
         {{"name", kProgramVolume}, {"configMap", {{"name", desired.migration_name.str()}}}}}
    );
    if (!server.tls.ca_pem.empty()) {
        volumes.push_back(ca_volume(desired, server));
    }
    return volumes;
}

}  // namespace

json render_backup_job(
    const Desired& desired, const StartBackup& start, const ServerAccess& access
) {
    const auto& server = access.address;
    const auto in_template = json::parse(start.source.pod_template.text()).at("spec");
    const auto app =
        find_container(in_template, app_container(start.source, desired.object.spec.app));
    const auto user = user_of(in_template, app);
    const auto file = std::string(kBackupDirectory) + "/" + partial_of(desired, start);
    auto dump = container(
        kDumpContainer,
        start.client.str(),
        {"pg_dump",
         "--format=custom",
         "--no-password",
         "--lock-wait-timeout=30s",
         "--file=" + file},
        user,
        desired
    );
    dump["env"] = login_of(desired, server);
    if (!server.tls.ca_pem.empty()) {
        dump["volumeMounts"].push_back(mounted(kCaVolume, kCaDirectory, true));
    }
    auto pod = place_of(in_template);
    own_the_volume(pod);
    pod["automountServiceAccountToken"] = false;
    pod["enableServiceLinks"] = false;
    pod["initContainers"] = json::array(
        {render_clear(desired, start, app, user),
         std::move(dump),
         container(
             kReadBackContainer,
             start.client.str(),
             {"pg_restore", "--file=/dev/null", file},
             user,
             desired
         )}
    );
    pod["containers"] = json::array({render_keep(desired, start, app, user)});
    pod["volumes"] = volumes_of(desired, server);
    return render_job_around(
        desired,
        start,
        {JobKind::Backup,
         std::move(pod),
         marks_against_eviction(),
         desired.object.spec.backup.deadline}
    );
}

}  // namespace djdb
