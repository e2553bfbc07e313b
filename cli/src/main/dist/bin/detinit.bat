@echo off
rem Runs the detinit command from its distribution folder: bin\detinit.bat and lib\*.jar.
rem DETINIT_GPU=1 leaves PyTorch's CPU natives out, so that DJL takes CUDA's.
setlocal
set "JAVA_CMD=java"
if defined JAVA_HOME set "JAVA_CMD=%JAVA_HOME%\bin\java"
set "CLASSES=%~dp0..\lib\*"
if "%DETINIT_GPU%"=="1" call :gpu
"%JAVA_CMD%" %DETINIT_OPTS% -cp "%CLASSES%" io.detinit.cli.Main %*
exit /b %ERRORLEVEL%

:gpu
set "CLASSES="
for %%J in ("%~dp0..\lib\*.jar") do call :add "%%~fJ" "%%~nxJ"
exit /b 0

:add
set "NAME=%~2"
if not "%NAME:~0,19%"=="pytorch-native-cpu-" set "CLASSES=%CLASSES%;%~1"
exit /b 0
