@echo off
rem Runs the detinit command from its distribution folder: bin\detinit.bat and lib\*.jar.
setlocal
set "JAVA_CMD=java"
if defined JAVA_HOME set "JAVA_CMD=%JAVA_HOME%\bin\java"
"%JAVA_CMD%" %DETINIT_OPTS% -cp "%~dp0..\lib\*" io.detinit.cli.Main %*
exit /b %ERRORLEVEL%
