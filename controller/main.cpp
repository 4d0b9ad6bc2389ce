#include "controller/cli/diagnose.hpp"
#include "controller/kube/transport/cpprest_transport.hpp"
#include "controller/operator.hpp"
#include "controller/telemetry/log.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstddef>
#include <exception>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

void add_options(CLI::App& app, djdb::Options& options) {
    app.add_option("--kubeconfig", options.kubeconfig, "Default: the Pod's own, or $KUBECONFIG");
    app.add_option("--health-probe-bind-address", options.health_address, "/livez and /readyz")
        ->envname("DJDB_HEALTH_PROBE_BIND_ADDRESS")
        ->capture_default_str();
    app.add_option("--log-level", options.log_level, "trace, debug, info, warn or error")
        ->envname("DJDB_LOG_LEVEL")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
        ->capture_default_str();
    app.add_option("--namespace", options.ns, "The operator's namespace, with its Secrets")
        ->envname("DJDB_NAMESPACE")
        ->capture_default_str();
    app.add_option(
           "--service-account", options.service_account, "The account that the gate lets through"
    )
        ->envname("DJDB_SERVICE_ACCOUNT")
        ->capture_default_str();
    app.add_option("--transport", options.transport, "Library for API calls")
        ->envname("DJDB_TRANSPORT")
        ->check(CLI::IsMember({"cpprest", "beast"}))
        ->capture_default_str();
    app.add_option(
           "--concurrency", options.concurrency, "How many resources are reconciled in parallel"
    )
        ->envname("DJDB_CONCURRENCY")
        ->check(CLI::Range(1, 32))
        ->capture_default_str();
}

/// @return the subcommand
CLI::App* add_diagnose(CLI::App& app, djdb::DiagnoseOptions& what) {
    auto* diagnose = app.add_subcommand(
        "diagnose", "Looks at one PostgresServer as the operator does, and changes nothing"
    );
    diagnose->add_option("--server", what.server, "Name of the PostgresServer")->required();
    diagnose->add_option("--output,-o", what.output, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    diagnose->fallthrough();  // --kubeconfig and --namespace
    return diagnose;
}

constexpr int kUsage = 2;

/// @throws CLI::ParseError
void parse(CLI::App& app, std::span<char*> words) {
    // CLI11 takes them from the back, without the program's name.
    std::vector<std::string> arguments(words.rbegin(), words.rend());
    if (!arguments.empty()) {
        arguments.pop_back();
    }
    app.parse(std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) {
    djdb::kube::prepare_cpprest();
    CLI::App app{"djangodb-operator: Django on PostgreSQL, released safely", "djangodb-operator"};
    app.set_version_flag("--version", "djangodb-operator " DJDB_VERSION);
    djdb::Options options;
    add_options(app, options);
    djdb::DiagnoseOptions what;
    const auto* diagnose = add_diagnose(app, what);
    try {
        parse(app, {argv, static_cast<std::size_t>(argc)});
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsage;
    }
    if (diagnose->parsed()) {
        return djdb::run_diagnose(options, what);
    }
    djdb::telemetry::set_level(options.log_level);

    // Blocked before any thread starts, so that only the one below takes them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    const std::stop_source stop;
    std::thread([signals, stop]() mutable {
        int signal = 0;
        sigwait(&signals, &signal);
        djdb::telemetry::log(
            djdb::telemetry::Level::Info, "main", "stopping", {{"signal", std::to_string(signal)}}
        );
        stop.request_stop();
    }).detach();

    try {
        return djdb::run_operator(options, stop.get_token());
    } catch (const std::exception& error) {
        djdb::telemetry::log(djdb::telemetry::Level::Error, "main", error.what());
        return 1;
    }
}
