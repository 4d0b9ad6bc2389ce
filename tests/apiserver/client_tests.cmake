# The API client and the reflector against a real API server of their own, which they kill and start again.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/apiserver)
djdb_test(client_apitests
    SOURCES ${folder}/live_api.cpp ${folder}/client_apitest.cpp ${folder}/reflector_apitest.cpp
        ${folder}/poison_apitest.cpp ${folder}/status_apitest.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/model/conformance/live_cluster_under_test.cpp
        ${CMAKE_CURRENT_SOURCE_DIR}/support/tcp_relay.cpp
    LINKS cluster_conformance djdb_operator
    LABEL apiserver)
add_dependencies(client_apitests djangodb-operator)

set(state ${CMAKE_CURRENT_BINARY_DIR}/client-apiserver)
set(cluster ${CMAKE_CURRENT_SOURCE_DIR}/cluster)
add_test(NAME client_apiserver_up COMMAND ${cluster}/up --profile apiserver --dir ${state})
add_test(NAME client_apiserver_down COMMAND ${cluster}/down --profile apiserver --dir ${state})
set_tests_properties(client_apiserver_up PROPERTIES FIXTURES_SETUP client_apiserver TIMEOUT 1800)
set_tests_properties(client_apiserver_down PROPERTIES FIXTURES_CLEANUP client_apiserver TIMEOUT 120)
add_test(NAME client_apitests COMMAND client_apitests)
set_tests_properties(client_apitests PROPERTIES FIXTURES_REQUIRED client_apiserver TIMEOUT 900)
set_property(TEST client_apitests PROPERTY ENVIRONMENT
    DJDB_API_DIR=${state} DJDB_CLUSTER_UP=${cluster}/up DJDB_CRDS=${PROJECT_SOURCE_DIR}/crds
    DJDB_OPERATOR=$<TARGET_FILE:djangodb-operator>)
set_tests_properties(client_apiserver_up client_apiserver_down client_apitests PROPERTIES LABELS apiserver)
