%% -*- erlang -*-
%% SPDX-License-Identifier: MIT
%% Processes that talk by sockets, and that compute: their stacks lie in heaps.
-mode(compile).

-define(CLIENTS, 20).
-define(COMPUTERS, 8).

main(_) ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {active, false},
                                        {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listener),
    spawn_link(fun() -> accept(Listener) end),
    All = [fun() -> talk(Port) end || _ <- lists:seq(1, ?CLIENTS)] ++
        [fun() -> compute() end || _ <- lists:seq(1, ?COMPUTERS)],
    Me = self(),
    [spawn_link(fun() -> Me ! {said, F()} end) || F <- All],
    io:format("~p~n", [lists:sum([receive {said, N} -> N end || _ <- All])]),
    halt(3).

accept(Listener) ->
    {ok, S} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive go -> echo(S) end end),
    ok = gen_tcp:controlling_process(S, Pid),
    Pid ! go,
    accept(Listener).

echo(S) ->
    case gen_tcp:recv(S, 0) of
        {ok, Data} -> gen_tcp:send(S, Data), echo(S);
        _ -> ok
    end.

talk(Port) ->
    {ok, S} = gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {active, false}]),
    [begin
         ok = gen_tcp:send(S, <<N:32>>),
         {ok, <<N:32>>} = gen_tcp:recv(S, 4)
     end || N <- lists:seq(1, 20)],
    gen_tcp:close(S),
    1.

compute() ->
    lists:sum([length(lists:reverse(lists:seq(1, N)))
               || N <- lists:seq(1, 1000)]).
